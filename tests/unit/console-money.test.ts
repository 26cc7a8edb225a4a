import fc from 'fast-check'
import t from 'tap'
import { dollars, zerosBehind } from '../../console/money.ts'

t.test('base units are written in dollars with all their decimals, and never fewer than two', async (t) => {
  const cases: readonly (readonly [bigint, string])[] = [
    [0n, '$0.00'],
    [1n, '$0.000001'],
    [10n, '$0.00001'],
    [500_000n, '$0.50'],
    [1_000_000n, '$1.00'],
    [1_250_000n, '$1.25'],
    [999_999_999n, '$999.999999'],
    [1_000_000_000n, '$1,000.00'],
    [123_456_789_000_000n, '$123,456,789.00'],
    [9_007_199_254_740_991n, '$9,007,199,254.740991'],
    [-1_500_000n, '−$1.50'],
  ]
  for (const [units, text] of cases) t.equal(dollars(units), text)
})

t.test('nothing is rounded: what is written reads back as the same units', async () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 53n), (units) => {
      const [whole = '', decimals = ''] = dollars(units).replace(/[$,]/g, '').split('.')
      return BigInt(whole + decimals.padEnd(6, '0')) === units
    }),
  )
})

t.test('with the zeros behind them, all have six decimals and are the same money', async (t) => {
  const cases = { '$0.00': '0000', '$258.8319': '00', '−$1.50': '0000', '$19.296201': '', '$1,000.00001': '0' }
  for (const [text, zeros] of Object.entries(cases)) t.equal(zerosBehind(text), zeros, text)
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 53n), 2n ** 53n), (units) => {
      const text = dollars(units)
      const [whole = '', decimals = ''] = (text + zerosBehind(text)).replace(/[$,]/g, '').split('.')
      return decimals.length === 6 && BigInt(whole.replace('−', '') + decimals) === (units < 0n ? -units : units)
    }),
  )
})
