import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { Instant } from '../../src/domain/instant.ts'
import { type TransactionID, TransactionType } from '../../src/domain/transaction.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import {
  ANN,
  BOB,
  type CreateStore,
  command,
  deposit,
  executed,
  history,
  transact,
  transfer,
  withdraw,
} from './store-calls.ts'

/** What every store shows to those who run the service. */
export function inspectionContract(t: Test, createStore: CreateStore): void {
  finding(t, createStore)
  traces(t, createStore)
  curves(t, createStore)
}

function finding(t: Test, createStore: CreateStore): void {
  t.test('wallets are found by how their user IDs begin, in the order of their bytes, up to a limit', async (t) => {
    const store = await createStore(t)
    const last = '\u{10ffff}'.repeat(128)
    const users = [
      'ann',
      'ann-marie',
      'anna',
      'an%',
      'an_',
      'Ann',
      'bob',
      '名前',
      '😀',
      '<b>',
      `b${last.slice(2)}`,
      last,
    ]
    await store.open(users.map(toUserID))
    const find = async (prefix: string, limit = 100) =>
      (await store.find({ prefix, limit })).map(({ userID }) => String(userID))
    t.strictSame(await find('ann'), ['ann', 'ann-marie', 'anna'])
    t.strictSame(await find('an'), ['an%', 'an_', 'ann', 'ann-marie', 'anna'])
    t.strictSame(await find('an%'), ['an%'], 'nothing stands for anything else')
    t.strictSame(await find('b'), ['bob', `b${last.slice(2)}`], 'up to the last that may begin so')
    t.strictSame(await find(last), [last])
    t.strictSame(await find('名'), ['名前'])
    t.strictSame(await find('annabel'), [])
    const all = users.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    t.strictSame(await find(''), all)
    t.strictSame(await find('', 2), all.slice(0, 2))
  })

  t.test('a wallet that is found is as it is when it is read', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    await transact(store, command(ANN, deposit(5n)))
    t.strictSame(await store.find({ prefix: 'ann', limit: 1 }), await store.wallets([ANN]))
  })
}

function traces(t: Test, createStore: CreateStore): void {
  t.test('a transaction ID leads to everything that it left, no matter which user it was issued to', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    const paid = await executed(store, command(ANN, deposit(5n)))
    t.strictSame(await store.findTransaction(paid.transactionID), { transactions: [paid], refusals: [] })

    const sent = await executed(store, command(ANN, transfer(BOB, 2n)))
    const { transactions, refusals } = await store.findTransaction(sent.transactionID)
    t.strictSame(transactions, [sent, ...(await history(store, BOB))], "the sender's half first")
    t.equal(transactions[1]?.type, TransactionType.TransferIn)
    t.strictSame(refusals, [])

    const [refused] = await transact(store, command(BOB, withdraw(9n)))
    if (refused?.kind !== 'refused') throw new Error('it was not refused')
    t.strictSame(await store.findTransaction(refused.refusal.transactionID), {
      transactions: [],
      refusals: [refused.refusal],
    })
    t.strictSame(await store.findTransaction(randomUUID() as TransactionID), { transactions: [], refusals: [] })
  })
}

function curves(t: Test, createStore: CreateStore): void {
  t.test('a curve has the balance after every transaction, or after evenly spaced ones', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    for (let units = 1n; units <= 11n; units += 1n) await transact(store, command(ANN, deposit(units)))
    const lived = (await history(store, ANN)).toReversed()
    const points = lived.map(({ id, balance, createdAt }) => ({ id, balance, createdAt }))
    t.strictSame(await store.curve({ userID: ANN, points: 11 }), { points, transactions: 11n })
    const some = await store.curve({ userID: ANN, points: 3 })
    t.strictSame(some, { points: [points[0], points[5], points[10]], transactions: 11n })
    t.strictSame(await store.curve({ userID: BOB, points: 3 }), { points: [], transactions: 0n })
    t.equal(await store.curve({ userID: toUserID('nobody'), points: 3 }), undefined)
  })

  t.test('a curve may be of a part of time, strictly between its bounds', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    for (let n = 0; n < 5; n += 1) await transact(store, command(ANN, deposit(1n)))
    const at = (await history(store, ANN)).toReversed().map(({ createdAt }) => createdAt)
    const ids = async (createdAfter?: Instant, createdBefore?: Instant) => {
      const bounds = { ...(createdAfter && { createdAfter }), ...(createdBefore && { createdBefore }) }
      const curve = await store.curve({ userID: ANN, points: 100, ...bounds })
      t.equal(curve?.transactions, BigInt(curve?.points.length ?? -1))
      return curve?.points.map(({ id }) => id)
    }
    t.strictSame(await ids(at[0], at[4]), [2n, 3n, 4n])
    t.strictSame(await ids(at[2]), [4n, 5n])
    t.strictSame(await ids(undefined, at[0]), [])
    t.strictSame(await ids(at[4]), [])
  })
}
