import type { Test } from 'tap'
import type { AtomicList, Command } from '../../src/domain/command.ts'
import { decideBatch } from '../../src/domain/decide.ts'
import { toInstant } from '../../src/domain/instant.ts'
import { summary } from '../support/domain-builders.ts'
import {
  ANN,
  BOB,
  balances,
  type CreateStore,
  command,
  deposit,
  executed,
  transact,
  transfer,
  withdraw,
} from './store-calls.ts'

const list = (...commands: readonly Command[]): AtomicList => ({ commands, impossible: false })

/** Lists of which all is executed, or nothing that is new. */
export function atomicContract(t: Test, createStore: CreateStore): void {
  t.test('an atomic list is executed whole, and repeated it is a replay', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    const all = list(command(ANN, deposit(9n)), command(ANN, transfer(BOB, 4n)), command(BOB, withdraw(1n)))
    t.strictSame((await store.transact([all], decideBatch)).map(summary), ['EXECUTED', 'EXECUTED', 'EXECUTED'])
    t.strictSame(await balances(store, ANN, BOB), [5n, 3n])
    t.strictSame((await store.transact([all], decideBatch)).map(summary), Array(3).fill('REPLAYED EXECUTED'))
    t.strictSame(await balances(store, ANN, BOB), [5n, 3n])
  })

  t.test(
    'one refusal keeps an atomic list from being executed, now and later, and is all that is kept of it',
    async (t) => {
      const store = await createStore(t)
      await store.open([ANN, BOB])
      const earlier = command(ANN, deposit(5n))
      await executed(store, earlier)
      const all = list(earlier, command(ANN, transfer(BOB, 4n)), command(BOB, withdraw(7n)), command(BOB, deposit(1n)))
      const before = command(BOB, deposit(2n))
      const behind = command(ANN, withdraw(1n))
      const outcomes = await store.transact([before, all, behind], decideBatch)
      const expected = ['REPLAYED EXECUTED', 'NOT_EXECUTED', 'INSUFFICIENT_BALANCE', 'NOT_EXECUTED']
      t.strictSame(outcomes.map(summary), ['EXECUTED', ...expected, 'EXECUTED'])
      t.strictSame(await balances(store, ANN, BOB), [4n, 2n])

      await executed(store, command(BOB, deposit(90n)))
      const again = await store.transact([all], decideBatch)
      t.strictSame(again.map(summary), expected.with(2, 'REPLAYED INSUFFICIENT_BALANCE'))
      t.strictSame(await balances(store, ANN, BOB), [4n, 92n])
      const [, unused] = all.commands
      t.strictSame((await transact(store, unused as Command)).map(summary), ['EXECUTED'], 'its ID is still unused')
    },
  )

  t.test('an atomic list that lacks an item that cannot be executed executes nothing', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const first = command(ANN, deposit(5n))
    await executed(store, first)
    const rest = { commands: [first, command(ANN, deposit(1n))], impossible: true }
    t.strictSame((await store.transact([rest], decideBatch)).map(summary), ['REPLAYED EXECUTED', 'NOT_EXECUTED'])
    t.strictSame(await balances(store, ANN), [5n])
  })

  t.test('one ID twice in an atomic list is executed once, and bound to its first use', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const once = command(ANN, deposit(5n))
    t.strictSame((await store.transact([list(once, once)], decideBatch)).map(summary), [
      'EXECUTED',
      'REPLAYED EXECUTED',
    ])
    const other = command(ANN, deposit(1n))
    const reused = list(other, { ...other, movement: deposit(2n) })
    t.strictSame((await store.transact([reused], decideBatch)).map(summary), ['NOT_EXECUTED', 'TRANSACTION_ID_REUSED'])
    const late = command(ANN, withdraw(9n))
    const twice = list(late, command(ANN, deposit(1n)), late)
    const expected = ['INSUFFICIENT_BALANCE', 'NOT_EXECUTED', 'REPLAYED INSUFFICIENT_BALANCE']
    t.strictSame((await store.transact([twice], decideBatch)).map(summary), expected)
    t.strictSame(await balances(store, ANN), [5n])
  })

  t.test('an expired ID refuses an atomic list', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const expired = command(ANN, deposit(5n), { expiresAt: toInstant(1n) })
    const all = list(command(ANN, deposit(1n)), expired)
    t.strictSame((await store.transact([all], decideBatch)).map(summary), ['NOT_EXECUTED', 'TRANSACTION_ID_EXPIRED'])
    t.strictSame(await balances(store, ANN), [0n])
  })
}
