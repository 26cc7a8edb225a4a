import fc from 'fast-check'
import t from 'tap'
import { toInstant } from '../../src/domain/instant.ts'
import { formatInstant, parseInstant, roundedUp } from '../../src/domain/rfc3339.ts'
import { seeded } from '../support/random/random-seed.ts'

const NOON = 1_734_350_400_000_000n // 2024-12-16T12:00:00Z

t.test('an instant is written in UTC with six digits', async (t) => {
  t.equal(formatInstant(toInstant(1_734_321_542_608_558n)), '2024-12-16T03:59:02.608558Z')
  t.equal(formatInstant(toInstant(NOON)), '2024-12-16T12:00:00.000000Z')
  t.equal(formatInstant(toInstant(NOON + 1n)), '2024-12-16T12:00:00.000001Z')
  t.equal(formatInstant(toInstant(NOON + 999_999n)), '2024-12-16T12:00:00.999999Z')
  t.equal(formatInstant(toInstant(0n)), '1970-01-01T00:00:00.000000Z')
  t.equal(formatInstant(toInstant(-1n)), '1969-12-31T23:59:59.999999Z')
})

t.test('every form that RFC 3339 allows of one instant reads as that instant', async (t) => {
  for (const text of [
    '2024-12-16T12:00:00Z',
    '2024-12-16t12:00:00z',
    '2024-12-16T12:00:00.0Z',
    '2024-12-16T12:00:00.000000000Z',
    '2024-12-16T12:00:00+00:00',
    '2024-12-16T12:00:00-00:00',
    '2024-12-16T14:00:00+02:00',
    '2024-12-16T06:15:00-05:45',
    '2024-12-17T11:59:00+23:59',
    '2024-12-15T12:01:00-23:59',
    '2024-12-17T00:00:00+12:00',
  ]) {
    t.strictSame(parseInstant(text), { instant: NOON, exact: true }, text)
  }
})

t.test('a fraction has one to nine digits, and what a microsecond cannot hold is told', async (t) => {
  for (const [fraction, micros, exact] of [
    ['.5', 500_000n, true],
    ['.608558', 608_558n, true],
    ['.6085580', 608_558n, true],
    ['.608558000', 608_558n, true],
    ['.608558001', 608_558n, false],
    ['.608558999', 608_558n, false],
    ['.000000001', 0n, false],
    ['.999999999', 999_999n, false],
  ] as const) {
    t.strictSame(parseInstant(`2024-12-16T12:00:00${fraction}Z`), { instant: NOON + micros, exact }, fraction)
  }
})

t.test('rounded up is the first microsecond that is not before', async (t) => {
  const up = (text: string) => {
    const parsed = parseInstant(text)
    return parsed && roundedUp(parsed)
  }
  t.equal(up('2024-12-16T12:00:00.000001Z'), NOON + 1n)
  t.equal(up('2024-12-16T12:00:00.000001001Z'), NOON + 2n)
  t.equal(up('2024-12-16T11:59:59.999999999Z'), NOON)
  t.equal(up('1969-12-31T23:59:59.999999999Z'), 0n)
})

t.test('before 1970 a fraction still counts forward', async (t) => {
  t.strictSame(parseInstant('1969-12-31T23:59:59.25Z'), { instant: -750_000n, exact: true })
  t.strictSame(parseInstant('1969-12-31T23:59:59.9999999Z'), { instant: -1n, exact: false })
})

t.test('a leap second reads as the second after it', async (t) => {
  const newYear = parseInstant('2017-01-01T00:00:00Z')
  t.strictSame(parseInstant('2016-12-31T23:59:60Z'), newYear)
  t.strictSame(parseInstant('2016-12-31T15:59:60-08:00'), newYear)
})

t.test('a leap day exists in leap years only', async (t) => {
  for (const date of ['2024-02-29', '2000-02-29', '0000-02-29', '0004-02-29']) {
    t.ok(parseInstant(`${date}T00:00:00Z`), date)
  }
  for (const date of ['2023-02-29', '1900-02-29', '2100-02-29']) t.notOk(parseInstant(`${date}T00:00:00Z`), date)
})

t.test('years are what they say, those below 100 too', async (t) => {
  t.equal(parseInstant('0001-01-01T00:00:00Z')?.instant, -62_135_596_800_000_000n)
  t.equal(parseInstant('0099-12-31T23:59:59Z')?.instant, -59_011_459_201_000_000n)
  t.equal(parseInstant('9999-12-31T23:59:59.999999Z')?.instant, 253_402_300_799_999_999n)
})

t.test('what is no timestamp is not read as one', async (t) => {
  for (const text of [
    '',
    'now',
    '2024-12-16',
    '2024-12-16T12:00Z',
    '2024-12-16T12:00:00',
    '2024-12-16 12:00:00Z',
    '2024-12-16T12:00:00.Z',
    '2024-12-16T12:00:00.0000000001Z',
    '2024-12-16T12:00:00,5Z',
    '2024-12-16T24:00:00Z',
    '2024-12-16T12:60:00Z',
    '2024-12-16T12:00:61Z',
    '2024-12-16T12:00:00+24:00',
    '2024-12-16T12:00:00+12:60',
    '2024-12-16T12:00:00+0200',
    '2024-12-16T12:00:00+02',
    '2024-12-16T12:00:00 02:00',
    '2024-00-16T12:00:00Z',
    '2024-13-16T12:00:00Z',
    '2024-12-00T12:00:00Z',
    '2024-12-32T12:00:00Z',
    '2024-11-31T12:00:00Z',
    '24-12-16T12:00:00Z',
    '+002024-12-16T12:00:00Z',
    ' 2024-12-16T12:00:00Z',
    '2024-12-16T12:00:00Z\n',
    '2024-12-16T12:00:00Zx',
    '２024-12-16T12:00:00Z',
  ]) {
    t.equal(parseInstant(text), undefined, JSON.stringify(text))
  }
})

t.test('what was written reads back to the microsecond', async (t) => {
  const instants = fc.bigInt(Y0001, Y2255).map(toInstant)
  fc.assert(
    fc.property(fc.array(instants, { minLength: 1, maxLength: 5 }), (several) => {
      // Several at once, and the same twice: the last millisecond is remembered.
      return [...several, ...several].every((instant) => {
        const parsed = parseInstant(formatInstant(instant))
        return parsed?.instant === instant && parsed.exact
      })
    }),
    seeded(t, 500),
  )
  t.pass('for every instant that was tried')
})

const Y0001 = -9_007_199_254_740_991n
/** What a double counts in microseconds; the year 2255. */
const Y2255 = 9_007_199_254_740_991n
