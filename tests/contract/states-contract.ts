import type { Test } from 'tap'
import { toUserID } from '../../src/domain/user-id.ts'
import type { WalletState } from '../../src/domain/wallet-state.ts'
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

const ADMIN = toUserID('admin')

/** Conditions on a wallet's version, and wallets that are frozen or closed. */
export function statesContract(t: Test, createStore: CreateStore): void {
  const change = (state: WalletState, reason = 'a reason') => ({ userID: ANN, state, reason, changedBy: ADMIN })

  t.test('a condition holds for the version under the lock, and its refusal is the ID’s outcome', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const first = command(ANN, deposit(5n), { ifVersion: 0n })
    const second = command(ANN, deposit(5n), { ifVersion: 0n })
    t.strictSame((await transact(store, first, second)).map(summary), ['EXECUTED', 'VERSION_MISMATCH'])
    t.strictSame((await transact(store, first, second)).map(summary), [
      'REPLAYED EXECUTED',
      'REPLAYED VERSION_MISMATCH',
    ])
    const { ifVersion: _, ...unconditional } = second
    t.strictSame((await transact(store, unconditional)).map(summary), ['REPLAYED VERSION_MISMATCH'])
    t.strictSame(await balances(store, ANN), [5n])
  })

  t.test('money comes into a frozen wallet and none goes out, until it is opened again', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(ANN, deposit(5n)))
    await executed(store, command(BOB, deposit(5n)))
    t.match(await store.changeState(change('frozen')), {
      kind: 'changed',
      wallet: { state: 'frozen', balance: 5n, version: 1n },
    })
    t.match((await store.wallets([ANN]))[0], { state: 'frozen' })
    const out = [command(ANN, withdraw(1n)), command(ANN, transfer(BOB, 1n))]
    t.strictSame((await transact(store, ...out)).map(summary), ['WALLET_FROZEN', 'WALLET_FROZEN'])
    const into = [command(ANN, deposit(1n)), command(BOB, transfer(ANN, 1n))]
    t.strictSame((await transact(store, ...into)).map(summary), ['EXECUTED', 'EXECUTED'])
    t.match((await store.wallets([ANN]))[0], { state: 'frozen', balance: 7n })
    t.match(await store.changeState(change('open')), { kind: 'changed' })
    t.notOk('state' in ((await store.wallets([ANN]))[0] ?? {}))
    t.strictSame((await transact(store, ...out)).map(summary), Array(2).fill('REPLAYED WALLET_FROZEN'))
    await executed(store, command(ANN, withdraw(7n)))
  })

  t.test('a wallet is closed only while it is empty, and then nothing comes in or goes out', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(ANN, deposit(5n)))
    await executed(store, command(BOB, deposit(5n)))
    t.strictSame(await store.changeState(change('closed')), { kind: 'rejected', code: 'WALLET_NOT_EMPTY' })
    await executed(store, command(ANN, withdraw(5n)))
    t.match(await store.changeState(change('closed')), { kind: 'changed', wallet: { state: 'closed' } })
    const moves = [command(ANN, deposit(1n)), command(ANN, withdraw(1n)), command(BOB, transfer(ANN, 1n))]
    t.strictSame((await transact(store, ...moves)).map(summary), [
      'WALLET_CLOSED',
      'WALLET_CLOSED',
      'PASSIVE_WALLET_CLOSED',
    ])
    t.match((await store.open([ANN]))[0], { created: false, wallet: { state: 'closed' } })
    t.strictSame(await balances(store, ANN, BOB), [0n, 5n])
  })

  t.test('each change of state is kept, and the same state again is none', async (t) => {
    const store = await createStore(t)
    t.strictSame(await store.changeState(change('frozen')), { kind: 'rejected', code: 'WALLET_NOT_FOUND' })
    await store.open([ANN])
    t.match(await store.changeState(change('open')), { kind: 'unchanged' })
    await store.changeState(change('frozen', 'a "quoted" reason'))
    t.match(await store.changeState(change('frozen', 'again')), { kind: 'unchanged', wallet: { state: 'frozen' } })
    await store.changeState({ ...change('closed'), changedBy: null })
    const changes = await store.stateChanges(ANN)
    t.match(changes, [
      { userID: ANN, id: 2n, state: 'closed', reason: 'a reason', changedBy: null },
      { userID: ANN, id: 1n, state: 'frozen', reason: 'a "quoted" reason', changedBy: ADMIN },
    ])
    t.equal(changes.length, 2)
    t.strictSame(await store.stateChanges(BOB), [])
  })

  t.test('once a wallet is frozen nothing leaves it that was not decided before', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(ANN, deposit(1000n)))
    let frozen = false
    let late = 0
    async function withdrawUntilFrozen(): Promise<void> {
      for (;;) {
        const sentAfter = frozen
        const [outcome] = await transact(store, command(ANN, withdraw(1n)), command(ANN, transfer(BOB, 1n)))
        if (sentAfter && outcome?.kind === 'executed') late += 1
        if (outcome?.kind !== 'executed') return
      }
    }
    const payers = Array.from({ length: 4 }, withdrawUntilFrozen)
    await executed(store, command(ANN, deposit(1n)))
    t.match(await store.changeState(change('frozen')), { kind: 'changed' })
    frozen = true
    const [balance] = await balances(store, ANN)
    await Promise.all(payers)
    t.equal(late, 0)
    t.strictSame(await balances(store, ANN), [balance])
  })
}
