import type { Test } from 'tap'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { TransactionType } from '../../src/domain/transaction.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import {
  ANN,
  BOB,
  balances,
  type CreateStore,
  command,
  deposit,
  executed,
  history,
  transact,
  transfer,
  withdraw,
} from './store-calls.ts'

const ALL_AT_ONCE = 50

/** What holds in every store however many come at once. */
export function racesContract(t: Test, createStore: CreateStore): void {
  t.test(`${ALL_AT_ONCE} at once on one ID have one effect and equal answers`, async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(ANN, deposit(1000n)))
    const of = command(ANN, transfer(BOB, 7n))
    const answers = await Promise.all(Array.from({ length: ALL_AT_ONCE }, () => transact(store, of)))
    const first = answers.flat().filter((outcome) => outcome.kind === 'executed' && !outcome.replayed)
    t.equal(first.length, 1, 'one executed it')
    const transactions = answers.flat().map((outcome) => outcome.kind === 'executed' && outcome.transaction)
    for (const transaction of transactions) t.strictSame(transaction, transactions[0])
    t.strictSame(await balances(store, ANN, BOB), [993n, 7n])
  })

  t.test(`${ALL_AT_ONCE} at once that together want more than there is take what is there, no more`, async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    await executed(store, command(ANN, deposit(20n)))
    const answers = await Promise.all(
      Array.from({ length: ALL_AT_ONCE }, () => transact(store, command(ANN, withdraw(1n)))),
    )
    t.equal(answers.flat().filter(({ kind }) => kind === 'executed').length, 20)
    t.strictSame(await balances(store, ANN), [0n])
  })

  t.test('crossing transfers, one by one and in batches, never deadlock and lose nothing', async (t) => {
    const store = await createStore(t)
    const users = Array.from({ length: 6 }, (_, index) => toUserID(`user ${index}`))
    const user = (index: number): UserID => users[index % users.length] ?? ANN
    await store.open(users)
    for (const userID of users) await executed(store, command(userID, deposit(1000n)))
    const batches = Array.from({ length: 80 }, (_, n) =>
      Array.from({ length: 1 + (n % 4) }, (_, m) =>
        command(user(n + m), transfer(user(n + m + 1 + (n % 5)), 1n)),
      ).filter(({ userID, movement }) => userID !== movement.passiveUserID),
    )
    const answers = (await Promise.all(batches.map((batch) => transact(store, ...batch)))).flat()
    t.ok(
      answers.every(({ kind }) => kind === 'executed'),
      'each was executed',
    )
    const sum = (await balances(store, ...users)).reduce<bigint>((total, balance) => total + (balance ?? 0n), 0n)
    t.equal(sum, 6000n)
    for (const userID of users) await isChain(t, store, userID)
  })
}

/** Ids count without a gap, each balance follows from the one before, createdAt rises strictly. */
async function isChain(t: Test, store: WalletStore, userID: UserID): Promise<void> {
  const rows = [...(await history(store, userID))].reverse()
  let balance = 0n
  let last = fromMilliseconds(0)
  const whole = rows.every((row, index) => {
    const sign = row.type === TransactionType.Deposit || row.type === TransactionType.TransferIn ? 1n : -1n
    balance += sign * row.amount
    const follows = row.id === BigInt(index + 1) && row.balance === balance && row.createdAt > last
    last = row.createdAt
    return follows
  })
  t.ok(whole, `the history of ${userID} is a chain of ${rows.length}`)
}
