import fc from 'fast-check'
import { isUserID } from './contract-values.ts'
import type { JSONSchema, Operation } from './document.ts'
import type { Message } from './message.ts'
import {
  anyText,
  doubleEncoding,
  encode,
  encoding,
  strangeJSON,
  strangeName,
  strangeSegment,
  user,
  wrongUser,
} from './texts.ts'
import type { IssuedIDs } from './transaction-ids.ts'

/*
 * Requests that are made from the OpenAPI document: as it says, or with one thing wrong with them, or with anything.
 */

export interface Case {
  /** What was done to the request. */
  readonly kind: Kind
  readonly message: Message
}

export const KINDS = [
  'as documented',
  'a value',
  'a member',
  'the text',
  'the query',
  'a path parameter',
  'the path',
  'the method',
  'the media type',
  'all at once',
] as const
export type Kind = (typeof KINDS)[number]

/** A value as JSON, once it is known whose request it is in. */
type Value = (userID: string) => string
type Reshape = (path: string) => string
/** Writes JSON as bytes, as they should be or not. */
type Write = (json: string) => Buffer
type Members = readonly (readonly [name: string, json: Value])[]

const MAX_BODY_BYTES = 16 * 1024
const JSON_TYPE = 'application/json'

const METHODS = [
  'GET',
  'PUT',
  'POST',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'LOCK',
  'SEARCH',
  'PURGE',
]

const strangeType = fc.constantFrom(
  ...[undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json'],
  ...[
    'application/jsonp',
    'application/json-patch+json',
    'application/*',
    '*/*',
    'json',
    ';',
    '/',
    'application/ json',
  ],
  ...['application/json, text/plain', 'application/json text/plain', '__proto__', "'", 'application/octet-stream'],
  ...['APPLICATION/JSON', 'application/json; charset=utf-16', 'application/json;charset="', 'application/json ; x=y'],
)

/** Valid requests with `kind` done to them, of every operation. */
export function casesOf(operations: readonly Operation[], ids: IssuedIDs): fc.Arbitrary<Case> {
  return fc.oneof(
    ...operations.flatMap((operation) =>
      kindsOf(operation).map((kind) => ({
        weight: kind === 'as documented' || kind === 'a value' ? 3 : 1,
        arbitrary: messages(operation, kind, ids).map((message) => ({ kind, message })),
      })),
    ),
  )
}

/** Only what an operation has can be wrong with it. */
function kindsOf({ body }: Operation): readonly Kind[] {
  const ofFields = isObject(body) ? [] : ['a value']
  const ofBody = body === undefined ? ['a member', 'the text', 'the media type'] : []
  return KINDS.filter((kind) => ![...ofFields, ...ofBody].includes(kind))
}

function isObject(schema: JSONSchema | undefined): schema is JSONSchema {
  return schema !== undefined && Object.keys(propertiesOf(schema)).length > 0
}

function messages(operation: Operation, kind: Kind, ids: IssuedIDs): fc.Arbitrary<Message> {
  const does = (...kinds: Kind[]) => kind === 'all at once' || kinds.includes(kind)
  return fc
    .record({
      user,
      segments: segmentsOf(operation, ids, does('a path parameter')),
      reshape: does('the path') ? strangePath : fc.constant(asItIs),
      query: does('the query') ? strangeQuery(operation) : queryOf(operation),
      method: does('the method') ? fc.constantFrom(...METHODS) : methodOf(operation),
      contentType: does('the media type') ? strangeType : fc.constant(operation.body && JSON_TYPE),
      body: bodyOf(operation.body, ids, { values: does('a value'), members: does('a member'), text: does('the text') }),
    })
    .map(({ user, segments, reshape, query, method, contentType, body }) => {
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => segments[name]?.(user) ?? '')
      return { method, target: reshape(path) + query, contentType, body: body(user) }
    })
}

function asItIs(text: string): string {
  return text
}

/** Whatever answers GET answers HEAD. */
function methodOf({ method }: Operation): fc.Arbitrary<string> {
  return method === 'GET' ? fc.constantFrom('GET', 'GET', 'GET', 'HEAD') : fc.constant(method)
}

// The path

function segmentsOf(
  { parameters }: Operation,
  ids: IssuedIDs,
  wrong: boolean,
): fc.Arbitrary<Readonly<Record<string, Value>>> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  return fc.record(
    Object.fromEntries(inPath.map(({ name }) => [name, wrong ? strangeParameter : parameter(name, ids)])),
  )
}

const strangeParameter: fc.Arbitrary<Value> = fc.oneof(
  strangeSegment.map((segment) => () => segment),
  wrongUser.map((text) => () => encode(text, /\w/)),
  fc.constant(doubleEncoding),
)

function parameter(name: string, ids: IssuedIDs): fc.Arbitrary<Value> {
  switch (name) {
    case 'userID':
      return encoding.map((encode) => (userID) => encode(userID))
    case 'transactionID':
      return transactionID(ids)
    default:
      throw new Error(`there is a new parameter in a path, and no text for it: ${name}`)
  }
}

const strangePath: fc.Arbitrary<Reshape> = fc.constantFrom<Reshape[]>(
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => `${path}/x`,
  (path) => `${path}/..`,
  (path) => path.replace('/wallet', '//wallet'),
  (path) => path.replace('/wallet', '%2Fwallet'),
  (path) => path.replace('/wallet', '/Wallet'),
  (path) => path.replace('/wallet', '/wallet;x=1'),
  (path) => path.replace('/wallet', '/%77allet'),
  (path) => path.replace('/users', '/%75%73ers'),
  (path) => path.replace('/users', '/users/../users'),
  (path) => path.replace('/users', '/%ZZ'),
  (path) => path.replace('/api/v1', ''),
  (path) => path.replace('/api', '/API'),
  (path) => path.replace('/api', '/.%2e/api'),
  (path) => path.slice(0, path.lastIndexOf('/')),
  () => '/livez',
  () => '/readyz',
  () => '/openapi.json',
  () => '/__proto__',
  () => '/%2e%2e%2fetc%2fpasswd',
)

// The query

/** The parameters of an operation, none of them given twice but those that may be. */
function queryOf({ parameters }: Operation): fc.Arbitrary<string> {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query')
  return fc
    .tuple(
      ...inQuery.map(({ name, schema }) => fc.option(parameterValues(name, schema), { freq: 2, nil: [] as string[] })),
    )
    .map((given) => toQuery(given.flat()))
}

function toQuery(parameters: readonly string[]): string {
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`
}

function parameterValues(name: string, schema: JSONSchema): fc.Arbitrary<string[]> {
  const { items, maxItems } = schema
  if (schema.type !== 'array') return scalar(schema).map((value) => [`${name}=${encodeURIComponent(value)}`])
  const item = isSchema(items) ? scalar(items) : fc.constant('')
  return fc
    .array(item, { minLength: 1, maxLength: numberOf(maxItems) })
    .map((values) => values.map((value) => `${name}=${value}`))
}

function scalar(schema: JSONSchema): fc.Arbitrary<string> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum.map(String))
  if (schema.type === 'integer') return integers(schema).map(String)
  if (schema.format === 'rfc3339') return instant
  throw new Error(`there is a new kind of parameter, and no value for it: ${JSON.stringify(schema)}`)
}

const instant = fc
  .record({
    date: fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
    fraction: fc.constantFrom('', '.1', '.123456', '.999999999'),
    offset: fc.constantFrom('Z', 'z', '+00:00', '-23:59', '+05:30'),
  })
  .map(({ date, fraction, offset }) => date.toISOString().slice(0, 19) + fraction + offset)

const strangeValue = fc.oneof(
  fc
    .constantFrom(
      ...[
        '',
        '0',
        '00',
        '-1',
        '+1',
        '01',
        '1.0',
        '1e2',
        '0x10',
        '1%20',
        '%201',
        '1%00',
        '%',
        '%ZZ',
        '%FF',
        '１',
        '[1]',
        '1,2',
      ],
      ...['1000', '1001', '9007199254740991', '9007199254740992', '9'.repeat(400), 'NaN', 'null', 'true', '5', '16'],
      ...["'", "1';--", '1%20OR%201=1', '$1', '%5C', '{,}', '%22', '__proto__', '%252e', 'a=b', '2024', '2024-12-16'],
      ...[
        '2024-02-30T00:00:00Z',
        '2023-02-29T00:00:00Z',
        '2024-12-16T24:00:00Z',
        '2024-12-16T03:59:02',
        '2024-12-16T03:59:61Z',
      ],
      ...[
        '2024-12-16%2003:59:02Z',
        '2024-12-16T03:59:02+01:00',
        '2024-12-16T03:59:02%2B01:00',
        '2024-12-16T03:59:60.1Z',
      ],
      ...[
        '2024-12-16T03:59:02.1234567890Z',
        '0000-01-01T00:00:00%2B23:59',
        '9999-12-31T23:59:60-23:59',
        '-2024-12-16T03:59:02Z',
      ],
    )
    .map((text) => encode(decodeURI(encodeURI(text)), /[!-~]/)),
  fc.integer({ min: -3, max: 1003 }).map(String),
  anyText(20).map((text) => encode(text, /\w/)),
)

function strangeQuery({ parameters }: Operation): fc.Arbitrary<string> {
  const names = ['limit', ...parameters.filter((each) => each.in === 'query').map(({ name }) => name)]
  const name = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: strangeName.map((text) => encode(text, /\w/)) },
  )
  const pairs = fc.tuple(name, strangeValue).map(([name, value]) => [`${name}=${value}`])
  return fc.oneof(
    pairs.map(toQuery),
    fc.tuple(pairs, fc.nat(18)).map(([[pair = ''], times]) => toQuery(Array(times + 2).fill(pair))),
    fc
      .array(fc.oneof(pairs, fc.constantFrom([''], ['='], ['&'], ['type'], ['limit=1?'])), { maxLength: 4 })
      .map((all) => toQuery(all.flat())),
  )
}

// The body

interface Wrong {
  readonly values: boolean
  readonly members: boolean
  readonly text: boolean
}

type Body = (userID: string) => Buffer | undefined

function bodyOf(schema: JSONSchema | undefined, ids: IssuedIDs, wrong: Wrong): fc.Arbitrary<Body> {
  const text = wrong.text ? strangeBytes : fc.constant<Write>((json) => Buffer.from(json))
  // A body of an operation that takes none is HTTP's to ignore.
  if (schema === undefined)
    return fc.constantFrom<Body[]>(
      () => undefined,
      () => undefined,
      () => Buffer.from('{'),
    )
  const members = wrong.members ? membersOf(schema, ids, wrong).chain(strangeMembers) : membersOf(schema, ids, wrong)
  const json = fc.tuple(members, layout, text).map(
    ([members, space, toBytes]): Body =>
      (userID) =>
        toBytes(write(members, userID, space)),
  )
  const mayBeNone = !isObject(schema) && !wrong.text
  return mayBeNone
    ? fc.oneof(
        json,
        fc.constantFrom<Body[]>(
          () => undefined,
          () => Buffer.alloc(0),
        ),
      )
    : json
}

const layout = fc.constantFrom('', '', ' ', '\r\n\t')

function write(members: Members, userID: string, space: string): string {
  const written = members.map(([name, json]) => `${space}${quoted(name)}${space}:${space}${json(userID)}${space}`)
  return `{${written.join(',')}}`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, '0'))
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`
}

function membersOf(schema: JSONSchema, ids: IssuedIDs, { values }: Wrong): fc.Arbitrary<Members> {
  const members = Object.entries(propertiesOf(schema)).map(([name, of]) =>
    fc.tuple(
      fc.constant(name),
      values ? fc.oneof(strangeMember(name, of, ids), value(name, of, ids)) : value(name, of, ids),
    ),
  )
  return fc.tuple(...members).chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
}

function value(name: string, schema: JSONSchema, ids: IssuedIDs): fc.Arbitrary<Value> {
  if (schema.type === 'integer')
    return fc
      .oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 9 }), integers(schema))
      .map((n) => () => String(n))
  const text = textOf(name, ids)
  return fc.tuple(text, fc.constantFrom(quoted, quoted, escaped)).map(
    ([text, quote]) =>
      (userID) =>
        quote(text(userID)),
  )
}

function textOf(name: string, ids: IssuedIDs): fc.Arbitrary<Value> {
  switch (name) {
    case 'passiveUserID':
      return user.map((text) => () => text)
    case 'transactionID':
      return transactionID(ids)
    default:
      throw new Error(`there is a new member, and no text for it: ${name}`)
  }
}

function strangeMember(name: string, schema: JSONSchema, ids: IssuedIDs): fc.Arbitrary<Value> {
  const json = strangeJSON.map((json) => () => json)
  if (schema.type === 'integer')
    return fc.oneof(
      json,
      beyond(schema).map((n) => () => n),
    )
  const text = name === 'transactionID' ? strangeTransactionID(ids) : wrongUser.map((text) => () => text)
  return fc.oneof(
    json,
    text.map(
      (text): Value =>
        (userID) =>
          quoted(text(userID)),
    ),
  )
}

function transactionID(ids: IssuedIDs): fc.Arbitrary<Value> {
  const of =
    (make: Value): Value =>
    (userID) =>
      isUserID(userID) ? make(userID) : ids.fresh('ann')
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(of(ids.fresh)) },
    { weight: 3, arbitrary: fc.nat(6).map((back) => of((userID) => ids.earlier(userID, back + 1))) },
    { weight: 1, arbitrary: fc.constant(of(ids.expired)) },
    { weight: 1, arbitrary: fc.constant(() => ids.fresh('somebody else')) },
    { weight: 1, arbitrary: fc.nat(35).map((at) => of((userID) => tampered(ids.fresh(userID), at))) },
  )
}

/** Another hexadecimal digit in one place. */
function tampered(id: string, at: number): string {
  const digit = id[at] === '-' ? '-' : id[at] === '0' ? '1' : '0'
  return id.slice(0, at) + digit + id.slice(at + 1)
}

function strangeTransactionID(ids: IssuedIDs): fc.Arbitrary<Value> {
  return fc
    .constantFrom<((id: string) => string)[]>(
      (id) => id.toUpperCase(),
      (id) => id.replaceAll('-', ''),
      (id) => `${id} `,
      (id) => `${id}\n`,
      (id) => `{${id}}`,
      (id) => `urn:uuid:${id}`,
      (id) => `${id}'--`,
      (id) => id.replace(/./, '\\'),
      (id) => id.replace(/./, '０'),
      (id) => id.slice(1),
      (id) => id + id,
      () => '',
      () => '00000000-0000-8000-8000-000000000000',
    )
    .map(
      (alter): Value =>
        (userID) =>
          alter(ids.fresh(isUserID(userID) ? userID : 'ann')),
    )
}

/** Members twice, too many, too few, under names that JavaScript knows. */
function strangeMembers(members: Members): fc.Arbitrary<Members> {
  const one = members.length > 0 ? fc.constantFrom(...members) : fc.constant(['amount', () => '1'] as const)
  const value = strangeJSON.map((json) => () => json)
  const extra = fc.tuple(
    fc.oneof(
      strangeName,
      one.map(([name]) => name),
    ),
    fc.oneof(
      value,
      one.map(([, json]) => json),
    ),
  )
  return fc.oneof(
    extra.map((member) => [...members, member]),
    extra.map((member) => [member, ...members]),
    fc.subarray([...members]),
    fc.array(extra, { maxLength: 3 }),
    fc
      .tuple(one, strangeName)
      .map(([old, name]) => members.map((each) => (each === old ? ([name, old[1]] as const) : each))),
    fc.constant([...members, ...members]),
  )
}

/** JSON that is none, or not in UTF-8, or as long as a body may just be, or longer. */
const strangeBytes: fc.Arbitrary<Write> = fc.oneof(
  fc.constantFrom<Write[]>(
    (json) => Buffer.from(`\ufeff${json}`),
    (json) => Buffer.from(json, 'utf16le'),
    (json) => Buffer.from(`\ufeff${json}`, 'utf16le'),
    (json) => Buffer.from(`${json}\0`),
    (json) => Buffer.from(`\0${json}`),
    (json) => Buffer.from(json.replace('}', ',}')),
    (json) => Buffer.from(`${json}//`),
    (json) => Buffer.from(`/**/${json}`),
    (json) => Buffer.from(json.replaceAll('"', "'")),
    (json) => Buffer.from(json + json),
    (json) => Buffer.from(`[${json}]`),
    (json) => Buffer.from(`{"a":${json}}`),
    (json) => Buffer.from(quoted(json)),
    (json) => Buffer.from(`)]}',\n${json}`),
    (json) => Buffer.from(`${json}\u2028`),
    (json) => Buffer.from(`\u00a0${json}`),
    (json) => Buffer.from(encodeURIComponent(json)),
    (json) => Buffer.concat([Buffer.from(json.slice(0, 8)), Buffer.from([0xff]), Buffer.from(json.slice(8))]),
    (json) => Buffer.concat([Buffer.from(json), Buffer.from([0xc3])]),
    (json) => Buffer.from(json.replaceAll('a', 'ä'), 'latin1'),
    (json) => Buffer.from('['.repeat(10_000) + json + ']'.repeat(6000)),
    (json) => Buffer.from('{"a":'.repeat(3000) + json),
    (json) => Buffer.from(json.padEnd(3 * MAX_BODY_BYTES)),
    ...['', ' ', 'null', 'true', '1', '"a"', '[]', '{}', '[', '{', '-', '"', '\\', '\0'].map(
      (text) => () => Buffer.from(text),
    ),
  ),
  fc.integer({ min: -2, max: 2 }).map(
    (more): Write =>
      (json) =>
        Buffer.from(json.padEnd(MAX_BODY_BYTES + more)),
  ),
  fc.nat(200).map(
    (at): Write =>
      (json) =>
        Buffer.from(json.slice(0, at)),
  ),
  fc.tuple(fc.nat(200), fc.nat(255)).map(
    ([at, byte]): Write =>
      (json) => {
        const bytes = Buffer.from(json)
        bytes[at % Math.max(1, bytes.length)] = byte
        return bytes
      },
  ),
  fc.uint8Array({ maxLength: 64 }).map(
    (bytes): Write =>
      () =>
        Buffer.from(bytes),
  ),
)

// Schemas

function isSchema(value: unknown): value is JSONSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function propertiesOf({ properties }: JSONSchema): Readonly<Record<string, JSONSchema>> {
  return isSchema(properties)
    ? Object.fromEntries(
        Object.entries(properties).filter((entry): entry is [string, JSONSchema] => isSchema(entry[1])),
      )
    : {}
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new Error(`there is no bound: ${JSON.stringify(value)}`)
  return value
}

function integers({ minimum, maximum }: JSONSchema): fc.Arbitrary<number> {
  return fc.maxSafeInteger().map((n) => {
    const [min, max] = [numberOf(minimum), numberOf(maximum)]
    return n === 0 ? min : n % 7 === 0 ? max : min + (Math.abs(n) % (max - min))
  })
}

/** Around both bounds. */
function beyond({ minimum, maximum }: JSONSchema): fc.Arbitrary<string> {
  const bounds = [BigInt(numberOf(minimum)), BigInt(numberOf(maximum))]
  return fc
    .tuple(fc.constantFrom(...bounds), fc.constantFrom(-1n, 0n, 1n, 2n))
    .map(([bound, off]) => String(bound + off))
}
