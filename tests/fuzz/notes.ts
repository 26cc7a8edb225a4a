import fc from 'fast-check'

/*
 * References, metadata and reasons, as JSON text where they stand in a body.
 */

const PRINTABLE = [
  'rent',
  ' ',
  '1',
  'true',
  'null',
  "'; DROP TABLE user_wallet; --",
  '{"a":NULL}',
  '\\',
  '\\N',
  '"',
  '$1',
  '%',
  '__proto__',
  'constructor',
  'toString',
  'e\u0301',
  '名前',
  '\u202e',
  '\u2028',
  '\ufeff',
  '\ufffd',
  '\u{10ffff}',
] as const

export const reference: fc.Arbitrary<string> = fc.constantFrom(...PRINTABLE, 'x'.repeat(64), '😀'.repeat(64))

/** Not printable, too long, or nothing. */
const noReference = ['', 'x'.repeat(65), '😀'.repeat(65), 'a\nb', '\u0000', '\u007f', '\u0085', '\ud800', 'a\udc00']

const key = fc.oneof(
  fc.constantFrom(...PRINTABLE, 'x'.repeat(40), '😀'.repeat(40)),
  fc.string({ unit: fc.constantFrom(...'abcdefgh'), minLength: 1, maxLength: 8 }),
)
const fieldValue = fc.constantFrom(...PRINTABLE, '', 'a\r\n\tb', '\u007f', 'x'.repeat(500), 'é'.repeat(500))

/** Distinct keys; large ones only where they fit. */
const fields = fc
  .uniqueArray(fc.tuple(key, fieldValue), { maxLength: 16, selector: ([name]) => name })
  .map((all) => (bytesOf(all) <= 2048 ? all : all.slice(0, 1)))

export const metadata: fc.Arbitrary<string> = fields.map(objectOf)

const x500 = 'x'.repeat(500)
/** Four fields of 501 bytes, and one that fills it up to so many. */
const ofBytes = (size: number) =>
  objectOf([...[...'abcd'].map((name) => [name, x500] as const), ['e', 'x'.repeat(size - 4 * 501 - 1)]])
const ofKeys = (count: number) => objectOf(Array.from({ length: count }, (_, index) => [`k${index}`, ''] as const))

const strangeMetadata = fc.constantFrom(
  ...[ofBytes(2048), ofBytes(2049), ofKeys(16), ofKeys(17), ofKeys(300)],
  ...['{"":"a"}', `{"${'x'.repeat(41)}":"a"}`, `{"a":"${'x'.repeat(501)}"}`, `{"a":"${'😀'.repeat(501)}"}`],
  ...['{"a":1}', '{"a":null}', '{"a":true}', '{"a":{}}', '{"a":[]}', '{"a":{"a":"a"}}', '{"a":"a","a":"a"}'],
  ...['{"a\\n":"a"}', '{"a":"\\u0000"}', '{"a":"\\ud800"}', '{"\\udc00":"a"}', '{"__proto__":"a"}', '{"__proto__":{}}'],
  ...['{"__proto__":"a","__proto__":"b"}', '{"toJSON":"a"}', '"a"', '["a"]', '1', 'null', '{', '{"a":"a",}'],
)

const strangeReference = fc.constantFrom(...noReference.map((text) => JSON.stringify(text)), '1', 'null', '["a"]', '{}')

const strangeReason = fc.constantFrom(
  ...['""', JSON.stringify('x'.repeat(200)), JSON.stringify('x'.repeat(201)), JSON.stringify('😀'.repeat(200))],
  ...[JSON.stringify('😀'.repeat(201)), '"\\u0000"', '"\\ud800"', '1', 'null', '"a\\n"', '" "'],
)

/** What stands under such a name: as it should, or not; `undefined` for other names. */
export function noteMember(name: string, wrong: boolean): fc.Arbitrary<string> | undefined {
  switch (name) {
    case 'reference':
      return wrong ? strangeReference : reference.map((text) => JSON.stringify(text))
    case 'reason':
      return wrong ? strangeReason : reference.map((text) => JSON.stringify(text))
    case 'metadata':
      return wrong ? strangeMetadata : metadata
    default:
      return undefined
  }
}

type Fields = readonly (readonly [string, string])[]

function objectOf(fields: Fields): string {
  return `{${fields.map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`).join(',')}}`
}

function bytesOf(fields: Fields): number {
  return fields.reduce((sum, [name, text]) => sum + Buffer.byteLength(name) + Buffer.byteLength(text), 0)
}
