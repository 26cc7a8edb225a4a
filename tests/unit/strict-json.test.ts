import fc from 'fast-check'
import t from 'tap'
import { InvalidJSON, parseStrictJSON } from '../../src/adapters/fastify/wire/strict-json.ts'
import { seeded } from '../support/random/random-seed.ts'

const NOT_JSON = new InvalidJSON(
  'The body is not JSON: send an object such as {"amount":5000000}, with its keys in double quotes.',
)

const cannotBeExact = (number: string) =>
  `The number ${number} cannot be represented exactly: send a whole number up to 9007199254740991.`
const parse = (text: string) => parseStrictJSON(Buffer.from(text))

t.test('what JSON.parse reads without loss is read the same', async (t) => {
  for (const text of [
    '{}',
    ' {\n"amount" : 1 ,\t"transactionID":"x" }\r\n',
    '{"a":9007199254740991}',
    '{"a":-9007199254740991}',
    '{"a":1.0,"b":1e3,"c":1E+3,"d":100e-2,"e":0.1,"f":-0,"g":0.000}',
    '{"a":1e21,"b":1e-7,"c":123456789012345680000}',
    '{"a":"9007199254740993","b":"1e999","c":"a:b","d":"{[,","e":"\\"a\\":1"}',
    '{"a\\"":1,"\\\\":2,":":3,"":4}',
    '{"__proto__":1,"constructor":2}',
    '{"名前":"🦊"}',
    '[1,2]',
    '"abc"',
    '5',
    'true',
    '{"a":{"b":1,"c":2},"b":[{"b":1},{"b":2}]}',
  ]) {
    t.strictSame(parse(text), JSON.parse(text), text)
  }
})

t.test('what is not JSON is turned down', async (t) => {
  for (const text of [
    '',
    ' ',
    '{',
    '{"a":1,}',
    "{'a':1}",
    '{"a":01}',
    '{"a":NaN}',
    '{"a":0x10}',
    '{} {}',
    '\ufeff{}',
  ]) {
    t.throws(() => parse(text), NOT_JSON, JSON.stringify(text))
  }
})

t.test('null is turned down, since it would pass for no body', async (t) => {
  for (const text of ['null', ' null\n'])
    t.throws(() => parse(text), new InvalidJSON('The body is null: send an object.'))
})

t.test('bytes that are not UTF-8 are turned down and not replaced', async (t) => {
  for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
    const body = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')])
    t.throws(
      () => parseStrictJSON(body),
      new InvalidJSON('The body is not UTF-8: send its text in UTF-8.'),
      body.toString('hex'),
    )
  }
})

t.test('a number that a double does not hold exactly is turned down', async (t) => {
  for (const number of [
    '9007199254740993',
    '-9007199254740993',
    '9007199254740992.5',
    '1e999',
    '-1e999',
    '1e-999',
    '0.1234567890123456789',
    '10000000000000000000001',
    '1.00000000000000000001',
    '4503599627370497.1',
  ]) {
    const error = new InvalidJSON(cannotBeExact(number))
    t.throws(() => parse(`{"amount":${number}}`), error)
    t.throws(() => parse(`[{"a":"b"},${number}]`), error, `${number} deeper down`)
  }
})

t.test('a long number is told only in part, and read in a time that grows with its length', async (t) => {
  const told = cannotBeExact('1.000000000000000000000000000000…')
  /** The best of several, since something else may have the processor meanwhile. */
  const fastestMs = (zeros: number) => {
    const body = `{"amount":1.${'0'.repeat(zeros)}1}`
    const tookMs = Array.from({ length: 20 }, () => {
      const start = performance.now()
      t.throws(() => parse(body), new InvalidJSON(told))
      return performance.now() - start
    })
    return Math.min(...tookMs)
  }
  const times = fastestMs(16_000) / fastestMs(1_000)
  t.ok(times < 100, `16 times the length took ${times} times as long; a quadratic search takes 256`)
})

t.test('a key that stands twice is turned down and named, however it is written', async (t) => {
  for (const [text, key] of [
    ['{"amount":1,"amount":2}', '"amount"'],
    ['{"amount":1,"amount":1}', '"amount"'],
    ['{"amount":1,"\\u0061mount":2}', '"\\u0061mount"'],
    [' {"a":"x:y","b":1,"a":"}"}', '"a"'],
    ['{"a":{"b":1},"a":2}', '"a"'],
    ['{"__proto__":1,"__proto__":2}', '"__proto__"'],
    ['{"":1,"":2}', '""'],
    [`{"${'k'.repeat(99)}":1,"${'k'.repeat(99)}":2}`, `"${'k'.repeat(31)}…`],
  ] as const) {
    const told = new InvalidJSON(`The key ${key} stands twice in the body: send it once.`)
    t.throws(() => parse(text), told, text)
  }
})

t.test('any JSON that JavaScript writes is read as it was meant', async (t) => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      if (JSON.parse(text) === null) return
      t.strictSame(parse(text), JSON.parse(text), text)
    }),
    seeded(t, 200),
  )
})

t.test('an integer is taken when its double writes it the same, and so up to 2^53 always', async (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.maxSafeInteger().map(BigInt)), (integer) => {
      let taken = true
      try {
        parse(`{"a":${integer}}`)
      } catch {
        taken = false
      }
      return taken === (BigInt(String(Number(integer))) === integer)
    }),
    seeded(t, 500),
  )
  t.pass('for every integer that was tried')
})
