import fc from 'fast-check'
import { START_CURSOR } from './contract-values.ts'
import type { JSONSchema, Operation } from './document.ts'
import { reference } from './notes.ts'
import { integers, isSchema, numberOf } from './schema.ts'
import { anyText, encode, strangeName } from './texts.ts'

/** Whoever waits holds up those behind it on their connection, for up to half a minute. */
const WAIT = 'wait'

/** The parameters of an operation, none of them given twice but those that may be. */
export function queryOf({ parameters }: Operation): fc.Arbitrary<string> {
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
  if (name === WAIT) return fc.constant([`${WAIT}=0`])
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
  if (schema.format === 'feed-cursor') return fc.constant(START_CURSOR)
  if (typeof schema.pattern === 'string') return reference
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

export function strangeQuery({ parameters }: Operation): fc.Arbitrary<string> {
  const inQuery = parameters.filter((each) => each.in === 'query').map(({ name }) => name)
  const names = ['limit', ...inQuery.filter((name) => name !== WAIT)]
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
