import type { Test } from 'tap'
import { MAX_LOOKED_AT } from '../../src/domain/history.ts'
import { after, fromMilliseconds, type Instant } from '../../src/domain/instant.ts'
import { type Transaction, TransactionType } from '../../src/domain/transaction.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import {
  ANN,
  BOB,
  type CreateStore,
  command,
  deposit,
  executed,
  FAR_FUTURE,
  transact,
  withdraw,
} from './store-calls.ts'

/** As many as one call of a store may write. */
const BATCH = 5000

/** How every store pages through a history. */
export function historyContract(t: Test, createStore: CreateStore): void {
  const ids = (page: { transactions: readonly Transaction[] } | undefined) =>
    page?.transactions.map(({ id }) => Number(id))

  /** Seven transactions: deposits, but withdrawals at 3 and 6. */
  async function sevenTransactions(t: Test): Promise<{ store: WalletStore; at: (id: number) => Instant }> {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(BOB, deposit(1n)))
    const made: Transaction[] = []
    for (let id = 1; id <= 7; id += 1)
      made.push(await executed(store, command(ANN, id % 3 === 0 ? withdraw(1n) : deposit(1n))))
    return { store, at: (id) => made[id - 1]?.createdAt ?? FAR_FUTURE }
  }

  t.test('a user without a wallet has no history, one with a new wallet an empty one', async (t) => {
    const store = await createStore(t)
    t.equal(await store.history({ userID: ANN, limit: 1 }), undefined)
    await store.open([ANN])
    const empty = { transactions: [], nextIDBefore: null }
    t.strictSame(await store.history({ userID: ANN, limit: 1 }), empty)
    t.strictSame(
      await store.history({ userID: ANN, limit: 1, createdBefore: FAR_FUTURE, createdAfter: FAR_FUTURE }),
      empty,
    )
  })

  t.test('pages follow each other, newest first, and the last one says so', async (t) => {
    const { store } = await sevenTransactions(t)
    const first = await store.history({ userID: ANN, limit: 3 })
    const second = await store.history({ userID: ANN, limit: 3, idBefore: first?.nextIDBefore ?? 0n })
    const third = await store.history({ userID: ANN, limit: 3, idBefore: second?.nextIDBefore ?? 0n })
    t.strictSame([ids(first), first?.nextIDBefore], [[7, 6, 5], 5n])
    t.strictSame([ids(second), second?.nextIDBefore], [[4, 3, 2], 2n])
    t.strictSame([ids(third), third?.nextIDBefore], [[1], null])
  })

  t.test('a page that is just full is the last one where nothing follows', async (t) => {
    const { store } = await sevenTransactions(t)
    t.equal((await store.history({ userID: ANN, limit: 7 }))?.nextIDBefore, null)
  })

  t.test('bounds in time are strict, to the microsecond', async (t) => {
    const { store, at } = await sevenTransactions(t)
    const between = { createdAfter: at(2), createdBefore: at(5) }
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, createdBefore: at(4) })), [3, 2, 1])
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, createdBefore: after(at(4), 1n) })), [4, 3, 2, 1])
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, createdAfter: at(4) })), [7, 6, 5])
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, createdAfter: after(at(4), -1n) })), [7, 6, 5, 4])
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, ...between })), [4, 3])
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, createdAfter: at(5), createdBefore: at(2) })), [])
    t.strictSame(
      ids(await store.history({ userID: ANN, limit: 9, createdBefore: fromMilliseconds(Date.UTC(9999, 11)) })),
      [7, 6, 5, 4, 3, 2, 1],
    )
    t.strictSame(
      ids(await store.history({ userID: ANN, limit: 9, createdAfter: fromMilliseconds(-62_167_219_200_000) })),
      [7, 6, 5, 4, 3, 2, 1],
    )
  })

  t.test('all filters narrow the list together', async (t) => {
    const { store, at } = await sevenTransactions(t)
    const types = [TransactionType.Withdrawal]
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, types })), [6, 3])
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, types, idBefore: 6n })), [3])
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, types, createdAfter: at(3) })), [6])
    t.strictSame(ids(await store.history({ userID: ANN, limit: 9, types: [TransactionType.TransferIn] })), [])
    const both = [TransactionType.Withdrawal, TransactionType.Deposit]
    t.strictSame(
      ids(await store.history({ userID: ANN, limit: 2, types: both, idBefore: 4n, createdBefore: at(7) })),
      [3, 2],
    )
  })

  t.test('pages of a rare type look at a bounded part each, and have each of its transactions once', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const rare = [3, 4, 5, MAX_LOOKED_AT + 3, MAX_LOOKED_AT + 4]
    const last = MAX_LOOKED_AT + 5
    const commands = Array.from({ length: last }, (_, index) =>
      command(ANN, rare.includes(index + 1) ? withdraw(1n) : deposit(9n)),
    )
    for (let done = 0; done < last; done += BATCH) await transact(store, ...commands.slice(done, done + BATCH))
    const types = [TransactionType.Withdrawal]
    const query = { userID: ANN, limit: 2, types }
    const first = await store.history(query)
    t.strictSame(
      [ids(first), first?.nextIDBefore],
      [[MAX_LOOKED_AT + 4, MAX_LOOKED_AT + 3], 6n],
      'full, and not the last',
    )
    const second = await store.history({ ...query, idBefore: 6n })
    t.strictSame([ids(second), second?.nextIDBefore], [[5, 4], 4n])
    const third = await store.history({ ...query, idBefore: 4n })
    t.strictSame([ids(third), third?.nextIDBefore], [[3], null])

    const transfers = { ...query, types: [TransactionType.TransferIn] }
    t.strictSame(await store.history(transfers), { transactions: [], nextIDBefore: 6n }, 'empty, and not the last')
    const [fifth] = (await store.history({ ...query, limit: 1, idBefore: 6n }))?.transactions ?? []
    const above = { ...transfers, createdAfter: fifth?.createdAt ?? FAR_FUTURE }
    t.strictSame(await store.history(above), { transactions: [], nextIDBefore: null }, 'exactly as many as it looks at')
  })
}
