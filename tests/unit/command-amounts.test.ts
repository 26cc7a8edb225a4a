import fc from 'fast-check'
import t from 'tap'
import { describeAmount, inDollars, parseAmount } from '../../cli/amounts.ts'
import { MAX_UNITS } from '../../src/domain/money.ts'

t.test('an amount is base units, or dollars with the unit behind', async (t) => {
  for (const [text, units] of [
    ['1', 1n],
    ['1250000', 1_250_000n],
    ['1.25usd', 1_250_000n],
    ['5usd', 5_000_000n],
    ['0.000001usd', 1n],
    ['0.5usd', 500_000n],
    ['1.100000usd', 1_100_000n],
    ['9007199254740991', MAX_UNITS],
    ['9007199254.740991usd', MAX_UNITS],
  ] as const)
    t.equal(parseAmount(text), units, text)
})

t.test('anything else is no amount', async (t) => {
  const wrong = [
    ...['', ' ', '0', '0usd', '0.0usd', '-1', '+1', '-1usd', '1.5', '1,5usd', '1.usd', '.5usd', '1.0000001usd', '007'],
    ...['1e6', '0x10', '1_000', '1 000', '1usd ', ' 1', '1USD', '1eur', '$1', 'usd', '１', '1.25.0usd', '1\n', 'NaN'],
    ...['9007199254740992', '9007199254.740992usd', '9'.repeat(400), `${'9'.repeat(400)}usd`, '00.5usd', '1n'],
  ]
  for (const text of wrong) t.equal(parseAmount(text), undefined, JSON.stringify(text))
})

t.test('an amount is shown in dollars and in base units, and never rounded', async (t) => {
  for (const [units, text] of [
    [0n, '0 dollars (0 base units)'],
    [1n, '0.000001 dollars (1 base unit)'],
    [100_000n, '0.1 dollars (100000 base units)'],
    [1_000_000n, '1 dollar (1000000 base units)'],
    [3_750_000n, '3.75 dollars (3750000 base units)'],
    [10_000_000n, '10 dollars (10000000 base units)'],
    [MAX_UNITS, '9007199254.740991 dollars (9007199254740991 base units)'],
  ] as const)
    t.equal(describeAmount(units), text)
})

t.test('what is shown of an amount is read as the same amount', async (t) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: MAX_UNITS }), (units) => {
      const [dollars = ''] = describeAmount(units).split(' ')
      return (
        parseAmount(`${dollars}usd`) === units &&
        parseAmount(`${inDollars(units)}usd`) === units &&
        parseAmount(String(units)) === units
      )
    }),
  )
  t.pass()
})
