import fc from 'fast-check'
import { isUserID } from './contract-values.ts'

/*
 * Text that has broken something somewhere.
 */

/** Valid user IDs; all of them get a wallet. */
export const OWNERS = [
  'ann',
  'bob',
  'auth0|42',
  "'; DROP TABLE user_wallet; --",
  "' OR '1'='1",
  '$1',
  '$$',
  '\\',
  "\\'",
  '%',
  '%00',
  '%2e%2e%2f',
  '%2525',
  '_',
  '{',
  '{}',
  '{"a","b"}',
  ',',
  '"',
  '""',
  '\\"',
  '\\N',
  'NULL',
  'COPY user_wallet FROM STDIN',
  '/*',
  ';',
  '...',
  'a/b',
  '?',
  '#',
  '+',
  '__proto__',
  'constructor',
  'toString',
  'wallet',
  '0',
  'true',
  'é',
  'e\u0301',
  '名前',
  '\u202e',
  '\u200b',
  '\ufffd',
  '\u{10ffff}',
  '👩‍👩‍👧‍👦',
  'x'.repeat(128),
  '😀'.repeat(128),
] as const

/** Has a wallet too, and no random request touches it: what is hidden, broken or written oddly is a deposit of theirs. */
export const DEPOSITOR = 'depositor'

const NO_USERS = [
  '',
  '.',
  '..',
  ' ',
  ' a',
  'a\n',
  'a\u0000',
  '\u0000',
  '\u007f',
  '\u0085',
  '\u00a0a',
  '\ufeffa',
  '\ud800',
  'a\udfff',
  'x'.repeat(129),
  '😀'.repeat(129),
  'x'.repeat(5000),
]

/** Any code points at all, half characters among them. */
export function anyText(maxLength: number): fc.Arbitrary<string> {
  const codePoint = fc.oneof(fc.nat(0xff), fc.nat(0x10ffff))
  return fc.array(codePoint, { maxLength, size: 'max' }).map((codes) => String.fromCodePoint(...codes))
}

export const owner: fc.Arbitrary<string> = fc.constantFrom(...OWNERS)

/** Now and then one without a wallet. */
export const user = fc.oneof(
  { weight: 12, arbitrary: owner },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter(isUserID),
  },
)

export const wrongUser = fc.oneof(fc.constantFrom(...NO_USERS), anyText(140))

/** Names of members and parameters that no one knows. */
export const strangeName = fc.oneof(
  fc.constantFrom(
    ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'length'],
    ...[
      '',
      ' ',
      'Amount',
      'AMOUNT',
      'amount ',
      'amount\u0000',
      'userID',
      'limit[]',
      'type[0]',
      'a/b~c',
      '$ref',
      '\ud800',
    ],
    ...["'", "' OR 1=1 --", '{,}', '\\', '%', '$1'],
  ),
  anyText(20),
)

function nested(open: string, depth: number, close: string): string {
  return open.repeat(depth) + close.repeat(depth)
}

/** JSON, or nearly, that stands where a value should. */
export const strangeJSON = fc.oneof(
  fc.constantFrom(
    ...['null', 'true', 'false', '""', '"1"', '" 1"', '"0x10"', '[]', '[1]', '{}', '{"valueOf":1}', '{"__proto__":1}'],
    ...[
      '0',
      '-0',
      '-1',
      '0.5',
      '1.5',
      '1.0',
      '1e0',
      '100e-2',
      '10E-1',
      '0.1e1',
      '1e15',
      '1e16',
      '1e999',
      '-1e999',
      '1e-400',
    ],
    ...['9007199254740991', '9007199254740992', '9007199254740993', '9007199254740991.0', '18446744073709551616'],
    ...['1.0000000000000000001', '0.99999999999999999999', `1${'0'.repeat(400)}e-400`, `0.${'0'.repeat(400)}1e401`],
    ...[
      '01',
      '+1',
      '1.',
      '.5',
      '0x10',
      '1n',
      '1_000',
      'NaN',
      'Infinity',
      '-',
      '',
      'undefined',
      "'1'",
      '"\n"',
      '"\\x41"',
    ],
    ...['"\'; DROP TABLE user_wallet; --"', '"$1"', '"\\\\"', '"%"', '"{,}"', '"\\""', '"\\u0000"', '"\\ud800"'],
    nested('[', 7000, ']'),
    nested('{"a":', 2500, '}'),
    '['.repeat(10_000),
    `"${'x'.repeat(15_000)}"`,
    '1'.repeat(15_000),
  ),
  fc.json({ maxDepth: 4 }),
  fc.double().map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
)

/** Percent-encoding that is none, or of something that is no text, or of another text than one thinks. */
export const strangeSegment = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      '%',
      '%%',
      '%0',
      '%ZZ',
      '%2',
      'a%',
      '%u0041',
      '%00',
      '%0A',
      '%0d%0a',
      '%7F',
      '%20',
      '%09',
      '%C2%85',
      '%EF%BB%BF',
    ],
    ...[
      '%C0%AF',
      '%C0%80',
      '%E0%80%AF',
      '%ED%A0%80',
      '%F4%90%80%80',
      '%F8%88%80%80%80',
      '%E5%90',
      '%FF',
      '%FE%FF',
      '%80',
    ],
    ...[
      '%2e%2e%2f',
      '%252e',
      '%2500',
      '..',
      '.',
      '...',
      '%2F',
      '%5C',
      'a;b',
      'a:b',
      '*',
      '~',
      '!$&()',
      "';--",
      '__proto__',
    ],
    'x'.repeat(200),
    '%61'.repeat(129),
    '%F0%9F%98%80'.repeat(128),
  ),
  fc.string({ unit: fc.constantFrom('%', '2', 'F', '0', 'C', 'a', '.', ':', '+'), maxLength: 12 }),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => [...bytes].map((byte) => percent(byte)).join('')),
)

function percent(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`
}

const PLAIN = /[A-Za-z0-9._~-]/
/** What HTTP lets stand in a path as it is, but for what has a meaning there. */
const BARE = /[!$&'()*,:=@A-Za-z0-9._~+|"<>{}^`\\[\]-]/

/** A text as a segment of a path: encoded as usual, as little as possible, wholly, or twice. */
export const encoding: fc.Arbitrary<(text: string) => string> = fc.constantFrom<((text: string) => string)[]>(
  (text) => encode(text, PLAIN),
  (text) => encode(text, PLAIN).replaceAll(/%../g, (code) => code.toUpperCase()),
  (text) => encode(text, BARE),
  (text) => encode(text, /(?!)/),
)

export const doubleEncoding = (text: string) => encodeURIComponent(encode(text, PLAIN))

export function encode(text: string, asIs: RegExp): string {
  return [...Buffer.from(text)]
    .map((byte) => (asIs.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : percent(byte)))
    .join('')
}
