import t from 'tap'
import { EMPTY, MAX_UNITS, minus, plus, toAmount, toBalance } from '../../src/domain/money.ts'

t.test('the limit is the largest integer that a double holds exactly', async (t) => {
  t.equal(MAX_UNITS, BigInt(Number.MAX_SAFE_INTEGER))
})

t.test('an amount goes from 1 to the limit', async (t) => {
  t.equal(toAmount(1n), 1n)
  t.equal(toAmount(MAX_UNITS), MAX_UNITS)
  for (const units of [0n, -1n, MAX_UNITS + 1n]) {
    t.throws(() => toAmount(units), new RangeError(`not an amount: ${units}`))
  }
})

t.test('a balance goes from 0 to the limit', async (t) => {
  t.equal(toBalance(0n), EMPTY)
  t.equal(toBalance(MAX_UNITS), MAX_UNITS)
  for (const units of [-1n, MAX_UNITS + 1n]) {
    t.throws(() => toBalance(units), new RangeError(`not a balance: ${units}`))
  }
})

t.test('a sum may reach the limit and not pass it', async (t) => {
  t.equal(plus(toBalance(MAX_UNITS - 1n), toAmount(1n)), MAX_UNITS)
  t.equal(plus(toBalance(MAX_UNITS), toAmount(1n)), undefined)
  t.equal(plus(toBalance(MAX_UNITS), toAmount(MAX_UNITS)), undefined)
  t.equal(plus(EMPTY, toAmount(MAX_UNITS)), MAX_UNITS)
})

t.test('a difference may reach 0 and not fall below', async (t) => {
  t.equal(minus(toBalance(5n), toAmount(5n)), EMPTY)
  t.equal(minus(toBalance(5n), toAmount(6n)), undefined)
  t.equal(minus(toBalance(MAX_UNITS), toAmount(1n)), MAX_UNITS - 1n)
})
