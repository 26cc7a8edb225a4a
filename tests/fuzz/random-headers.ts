import fc from 'fast-check'
import type { Operation } from './document.ts'
import type { Message } from './message.ts'

type Headers = Message['headers']

/** Small, as most are. */
const version = fc.oneof(fc.nat(12), fc.maxSafeInteger().map(Math.abs)).map(String)
/** As an ETag writes it. */
const tag = version.map((text) => `"${text}"`)

const strangeTag = fc.oneof(
  fc.constantFrom(
    ...[
      '*',
      '',
      '""',
      '"',
      '1',
      "'1'",
      '"01"',
      '"-1"',
      '"+1"',
      '"1.0"',
      '"1e2"',
      '"0x1"',
      '" 1"',
      '"1" x',
      '"1"1',
      '#1',
    ],
    ...[
      'W/"1"',
      'w/"1"',
      'W/1',
      '"1", "2"',
      '"1","1"',
      '"1",',
      ', "1"',
      '*, "1"',
      '"9007199254740991"',
      '"9999999999999999"',
    ],
    ...['"99999999999999999"', `"${'9'.repeat(2000)}"`, '"x"', '"__proto__"', 'null', '"1";--', '"\\"1"'],
  ),
  version,
  tag.map((text) => `W/${text}`),
  fc.array(tag, { minLength: 2, maxLength: 9 }).map((tags) => tags.join(', ')),
)

/** The conditions of an operation, which may be left out; or one that is none. */
export function headersOf({ parameters }: Operation, wrong: boolean): fc.Arbitrary<Headers> {
  const names = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name.toLowerCase())
  const rightOf = (name: string) => (name === 'wallet-version-min' ? version : tag)
  const right = fc.tuple(...names.map((name) => fc.option(pair(name, rightOf(name)), { freq: 2 })))
  if (!wrong || names.length === 0) return right.map((all) => all.filter((each) => each !== null))
  const one = fc.constantFrom(...names).chain((name) => pair(name, strangeTag))
  return fc.oneof(
    { weight: 4, arbitrary: one.map((header) => [header]) },
    // The same header twice is one with two tags.
    { weight: 1, arbitrary: one.map((header) => [header, header]) },
  )
}

function pair(name: string, value: fc.Arbitrary<string>): fc.Arbitrary<readonly [string, string]> {
  return value.map((text) => [name, text] as const)
}
