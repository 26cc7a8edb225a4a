import fc from 'fast-check'
import { rawRequest } from '../support/http/raw-client.ts'
import type { Case } from './cases.ts'
import type { Message } from './message.ts'
import { DEPOSITOR } from './texts.ts'
import type { IssuedIDs } from './transaction-ids.ts'

/*
 * What is written on one connection: whole requests, and then something that is none, or only looks like one.
 */

/** How a connection goes on after its whole requests. */
export type Ending =
  /** Nothing follows. */
  | 'nothing'
  /** What follows is no request: at most it is answered with a 400, and the connection is closed. */
  | 'broken'
  /** What follows is a request of an unusual form, and it succeeds. */
  | 'valid'
  /** Whatever comes back is HTTP, and no 5xx. */
  | 'anything'
  /** The client closes its side in the middle of a request. */
  | 'half-closed'
  /** The client vanishes in the middle of a request. */
  | 'reset'

export interface Script {
  readonly kind: ScriptKind
  readonly messages: readonly Message[]
  readonly rest: Buffer
  readonly ending: Ending
  /** Whether the rest follows at once, or when the whole requests have been answered. */
  readonly atOnce: boolean
  /** Where the bytes are cut into pieces, each written by itself. */
  readonly cuts: readonly number[]
  /** The transaction ID of a request that is hidden in another one's head or body: it must not be executed. */
  readonly smuggled?: string
}

export const SCRIPT_KINDS = [
  'pipelined',
  'broken head',
  'broken frame',
  'unusual',
  'smuggled',
  'altered',
  'broken off',
] as const
export type ScriptKind = (typeof SCRIPT_KINDS)[number]

type Rest = Pick<Script, 'rest' | 'ending' | 'smuggled'>
/** Makes of a request another, or none. */
type Alter = (request: string) => string

const DEPOSIT = `/api/v1/users/${DEPOSITOR}/wallet/deposit`
const HEAD_BYTES = 16 * 1024

export function scriptsOf(cases: fc.Arbitrary<Case>, ids: IssuedIDs): fc.Arbitrary<Script> {
  const messages = fc.array(
    cases.map(({ message }) => message),
    { maxLength: 6 },
  )
  const cuts = fc.array(fc.nat(400), { maxLength: 5 })
  const request = fc
    .integer({ min: 1, max: 9 })
    .map((amount) => rawRequest('PUT', DEPOSIT, { amount, transactionID: ids.fresh(DEPOSITOR) }))
  const oneOf = (ways: readonly Alter[], ending: Ending) =>
    fc.tuple(request, fc.constantFrom(...ways)).map(([text, alter]): Rest => ({ rest: bytes(alter(text)), ending }))
  const rests: Readonly<Record<ScriptKind, fc.Arbitrary<Rest>>> = {
    pipelined: fc.constant({ rest: Buffer.alloc(0), ending: 'nothing' }),
    'broken head': oneOf(BROKEN_HEADS, 'broken'),
    'broken frame': oneOf(BROKEN_FRAMES, 'broken'),
    unusual: oneOf(UNUSUAL, 'valid'),
    smuggled: smuggled(ids),
    altered: altered(request),
    'broken off': brokenOff(request),
  }
  return fc.oneof(
    ...SCRIPT_KINDS.map((kind) =>
      fc
        .record({ messages, rest: rests[kind], atOnce: fc.boolean(), cuts })
        .map(({ rest, ...script }): Script => ({ kind, ...script, ...rest })),
    ),
  )
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

function startLine(line: string): Alter {
  return (request) => request.replace(/^.*/, line)
}

function withHeader(...lines: string[]): Alter {
  return (request) => request.replace('host: x', ['host: x', ...lines].join('\r\n'))
}

/** In place of its Content-Length, and of its body if that is given. */
function framed(header: string, body?: string): Alter {
  return (request) => request.replace(/content-length: \d+/, header).replace(/(\r\n\r\n).*/, `$1${body ?? '$&'}`)
}

const CHUNKED = 'transfer-encoding: chunked'

function chunked(write: Alter, header = CHUNKED): Alter {
  return (request) => request.replace(/content-length: \d+/, header).replace(/\{.*/, write)
}

function chunk(text: string, extension = ''): string {
  return `${text.length.toString(16)}${extension}\r\n${text}\r\n`
}

const BROKEN_HEADS: readonly Alter[] = [
  ...[
    ...[
      'put / HTTP/1.1',
      'FOO / HTTP/1.1',
      `P UT ${DEPOSIT} HTTP/1.1`,
      `PUT ${DEPOSIT} x HTTP/1.1`,
      'PUT',
      `PUT ${DEPOSIT} `,
    ],
    ...[
      'HTTP/0.9',
      'HTTP/2.0',
      'HTTP/3.0',
      'HTTP/1.2',
      'HTTP/9.9',
      'HTTP/11',
      'HTTP/-1.1',
      'HTTP/1.1x',
      'HTTP/',
      'http/1.1',
      'x',
    ].map((version) => `PUT ${DEPOSIT} ${version}`),
    ...[
      `PUT ${DEPOSIT}\0 HTTP/1.1`,
      `PUT ${DEPOSIT}\x7f HTTP/1.1`,
      'PUT /\xfc HTTP/1.1',
      'PUT a HTTP/1.1',
      'CONNECT x:80 HTTP/1.1',
    ],
    ...[
      'PRI * HTTP/2.0',
      'HTTP/1.1 200 OK',
      '\x16\x03\x01\x02\x00',
      '\x04\x01',
      `PUT /${'x'.repeat(HEAD_BYTES)} HTTP/1.1`,
    ],
  ].map(startLine),
  ...[
    ...[
      'broken',
      ': x',
      'x : y',
      'x\0: y',
      'x: \0',
      'x: y\rz',
      'x: y\nz',
      '\xfc: y',
      ' folded',
      'x: y\r\n folded',
      'x: y\r\n\tfolded',
    ],
    ...[
      'host: y',
      'host: x',
      `x: ${'x'.repeat(HEAD_BYTES)}`,
      `${'x'.repeat(HEAD_BYTES)}: x`,
      'xxxxxxxxxx: y\r\n'.repeat(2000).trim(),
    ],
  ].map((line) => withHeader(line)),
  (request) => request.replace('host: x\r\n', ''),
  (request) => request.replaceAll('\r\n', '\n'),
  (request) => request.replaceAll('\r\n', '\r'),
  (request) => `\0${request}`,
  (request) => ` ${request}`,
  (request) => `x${request}`,
]

const BROKEN_FRAMES: readonly Alter[] = [
  ...['-1', '+2', '0x10', '1.0', '1e1', '', 'x', '2, 2', '2 2', '9'.repeat(30), '\xb2'].map((length) =>
    framed(`content-length: ${length}`),
  ),
  framed('content-length: 2\r\ncontent-length: 3'),
  framed('content-length: 2\r\ncontent-length: 2', '{}'),
  withHeader(CHUNKED),
  ...['chunked, gzip', 'gzip', 'xchunked', 'chunkedx', 'identity', 'chunked\x0b', '"chunked"', 'chunked;q=1', ','].map(
    (coding) => framed(`transfer-encoding: ${coding}`),
  ),
  ...['g', '-1', '0x2', ' 2', '2 2', 'f'.repeat(17), '1\n', '\r\n', ';', '2\x0b', '+2'].map((size) =>
    chunked((body) => `${size}\r\n${body}\r\n0\r\n\r\n`),
  ),
  chunked((body) => `${chunk(body).trimEnd()}0\r\n\r\n`),
  chunked((body) => chunk(body).replace('\r\n', '\n')),
  chunked((body) => chunk(body, ';\0')),
  chunked((body) => `${chunk(body)}0\r\ncontent-length: 5\r\n\r\n`),
  chunked((body) => `${chunk(body.slice(1))}0\r\n\r\n`.replace('\r\n', '')),
]

/** Other ways to write the very same request. */
const UNUSUAL: readonly Alter[] = [
  (request) => request,
  (request) => `\r\n\r\n${request}`,
  (request) => request.replace('HTTP/1.1\r\nhost: x', 'HTTP/1.0'),
  (request) => request.replace('PUT /', 'PUT http://elsewhere.example/'),
  (request) => request.replace('host: x', 'HOST:x'),
  (request) => request.replace('host: x', 'host:'),
  (request) => request.replace('host: x', 'host: \t x \t '),
  (request) => request.replace('content-type', 'CONTENT-TYPE'),
  withHeader('connection: close'),
  withHeader('upgrade: h2c', 'connection: upgrade, http2-settings'),
  withHeader('expect: miracles'),
  withHeader('content-encoding: identity'),
  withHeader('cookie: __proto__=x', '__proto__: x', 'constructor: x', 'x-request-id: mine', 'x: \xfc'),
  withHeader(...Array(2500).fill('a:')),
  withHeader(`x: ${'x'.repeat(HEAD_BYTES / 2)}`),
  chunked((body) => `${chunk(body)}0\r\n\r\n`),
  chunked((body) => `${chunk(body)}0\r\n\r\n`, 'Transfer-Encoding:  CHUNKED '),
  chunked((body) => `${[...body].map((character) => chunk(character)).join('')}0\r\n\r\n`),
  chunked((body) => `${chunk(body, ';name=value;x="y"')}000\r\ntrailer: x\r\n\r\n`),
]

/** A request in the body, a header, a trailer or an extension of another, or behind a length that is told twice. */
function smuggled(ids: IssuedIDs): fc.Arbitrary<Rest> {
  const hide: readonly Alter[] = [
    (inner) => rawRequest('GET', '/livez').replace('\r\n\r\n', `\r\ncontent-length: ${inner.length}\r\n\r\n${inner}`),
    (inner) => `GET /livez HTTP/1.1\r\nhost: x\r\n${CHUNKED}\r\n\r\n${chunk(inner)}0\r\n\r\n`,
    ...[
      'DELETE /livez',
      'PUT /nothing',
      `PUT ${DEPOSIT}`,
      `POST ${DEPOSIT}`,
      'PUT /api/v1/users/ann/wallet',
      `PUT ${DEPOSIT}?x`,
    ].flatMap((line): Alter[] => {
      const head = `${line} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`
      return [
        (inner) => `${head}content-length: ${inner.length}\r\n\r\n${inner}`,
        (inner) => `${head}content-length: ${inner.length}\r\n\r\n${inner}`.replace('json', 'x'),
        (inner) => `${head}content-length: ${inner.length * 90}\r\n\r\n${inner.repeat(90)}`,
        (inner) => `${head}${CHUNKED}\r\n\r\n${chunk(inner)}0\r\n\r\n`,
        (inner) => `${head}${CHUNKED}\r\n\r\n${chunk(inner).repeat(90)}0\r\n\r\n`,
        (inner) => `${head}content-length: 2\r\ncontent-length: ${inner.length + 2}\r\n\r\n{}${inner}`,
        (inner) => `${head}content-length: ${inner.length + 5}\r\n${CHUNKED}\r\n\r\n0\r\n\r\n${inner}`,
        (inner) => `${head}${CHUNKED}\r\ncontent-length: 4\r\n\r\n${chunk(inner)}0\r\n\r\n`,
        (inner) => `${head}transfer-encoding: x${CHUNKED}\r\ncontent-length: ${inner.length}\r\n\r\n${inner}`,
        (inner) => `${head}transfer-encoding : chunked\r\ncontent-length: ${inner.length}\r\n\r\n${inner}`,
        (inner) => `${head}${'a:\r\n'.repeat(1000)}content-length: ${inner.length}\r\n\r\n${inner}`,
        (inner) => `${head}${CHUNKED}\r\n\r\n2;${inner.replaceAll('\r\n', ' ')}\r\n{}\r\n0\r\n\r\n`,
        (inner) => `${head}${CHUNKED}\r\n\r\n2\r\n{}\r\n0\r\nx: ${inner.replaceAll('\r\n', '\r\n ')}\r\n\r\n`,
        (inner) => `${head}expect: 100-continue\r\ncontent-length: ${inner.length}\r\n\r\n${inner}`,
        (inner) => `${head}x: ${inner.replaceAll('\r\n', '\r\n ')}\r\n\r\n`,
      ]
    }),
  ]
  return fc.constantFrom(...hide).map((alter) => {
    const smuggled = ids.fresh(DEPOSITOR)
    const inner = rawRequest('PUT', DEPOSIT, { amount: 1, transactionID: smuggled })
    return { rest: bytes(alter(inner)), ending: 'anything', smuggled }
  })
}

/** Some bytes of a request changed, left out, put in or doubled. */
function altered(request: fc.Arbitrary<string>): fc.Arbitrary<Rest> {
  const change = fc.record({
    at: fc.nat(400),
    length: fc.nat(4),
    put: fc.uint8Array({ maxLength: 4 }),
    twice: fc.boolean(),
  })
  return fc.tuple(request, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) => {
    let rest = bytes(text)
    for (const { at, length, put, twice } of changes) {
      const start = at % rest.length
      rest = Buffer.concat([
        rest.subarray(0, start),
        put,
        rest.subarray(twice ? Math.max(0, start - length) : start + length),
      ])
    }
    return { rest, ending: 'anything' }
  })
}

function brokenOff(request: fc.Arbitrary<string>): fc.Arbitrary<Rest> {
  return fc
    .tuple(request, fc.nat(400), fc.constantFrom('half-closed' as const, 'reset' as const))
    .map(([text, at, ending]) => ({ rest: bytes(text.slice(0, 1 + (at % (text.length - 1)))), ending }))
}
