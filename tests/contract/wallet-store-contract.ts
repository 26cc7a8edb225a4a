import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { Command, RequestID } from '../../src/domain/command.ts'
import { walletsOf } from '../../src/domain/command.ts'
import { decideBatch } from '../../src/domain/decide.ts'
import { after, fromMilliseconds, type Instant } from '../../src/domain/instant.ts'
import { MAX_UNITS, toAmount } from '../../src/domain/money.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { type Transaction, type TransactionID, TransactionType } from '../../src/domain/transaction.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'

/** A store of the test's own, empty; closed when the test is over. */
export type CreateStore = (t: Test) => Promise<WalletStore>

const ANN = toUserID('ann')
const BOB = toUserID('bob')
const FAR_FUTURE = fromMilliseconds(Date.UTC(2100, 0))
const ALL_AT_ONCE = 50

type Movement = Command['movement']
const deposit = (units: bigint): Movement => ({ kind: 'deposit', amount: toAmount(units), passiveUserID: null })
const withdraw = (units: bigint): Movement => ({ kind: 'withdraw', amount: toAmount(units), passiveUserID: null })
const transfer = (to: UserID, units: bigint): Movement => ({
  kind: 'transfer',
  amount: toAmount(units),
  passiveUserID: to,
})

function command(userID: UserID, movement: Movement, given: Partial<Command> = {}): Command {
  const transactionID = randomUUID() as TransactionID
  return { userID, transactionID, movement, requestID: 'request-1' as RequestID, expiresAt: FAR_FUTURE, ...given }
}

function transact(store: WalletStore, ...commands: readonly Command[]): Promise<readonly Outcome[]> {
  const wallets = new Set(commands.flatMap(walletsOf))
  return store.transact({ wallets, transactionIDs: commands }, (state, now) => decideBatch(commands, state, now))
}

async function executed(store: WalletStore, of: Command): Promise<Transaction> {
  const [outcome] = await transact(store, of)
  if (outcome?.kind !== 'executed') throw new Error(`not executed: ${outcome?.kind}`)
  return outcome.transaction
}

async function history(store: WalletStore, userID: UserID): Promise<readonly Transaction[]> {
  const page = await store.history({ userID, limit: 1000 })
  return page?.transactions ?? []
}

async function balances(store: WalletStore, ...userIDs: readonly UserID[]): Promise<readonly (bigint | undefined)[]> {
  const wallets = await store.wallets(userIDs)
  return wallets.map((wallet) => wallet?.balance)
}

/** What every store promises, whatever it keeps things in. */
export function walletStoreContract(t: Test, createStore: CreateStore): void {
  wallets(t, createStore)
  transactions(t, createStore)
  outcomes(t, createStore)
  pages(t, createStore)
  races(t, createStore)
}

function wallets(t: Test, createStore: CreateStore): void {
  t.test('a wallet is opened empty, once', async (t) => {
    const store = await createStore(t)
    const [first] = await store.open([ANN])
    const [second] = await store.open([ANN])
    t.match(first, { created: true, wallet: { userID: ANN, balance: 0n, version: 0n } })
    t.equal(first?.wallet.createdAt, first?.wallet.updatedAt)
    t.strictSame(second, { created: false, wallet: first?.wallet })
  })

  t.test('of two who open one wallet in one call the first created it', async (t) => {
    const store = await createStore(t)
    const opened = await store.open([ANN, BOB, ANN])
    t.strictSame(
      opened.map(({ created, wallet }) => [wallet.userID, created]),
      [
        [ANN, true],
        [BOB, true],
        [ANN, false],
      ],
    )
  })

  t.test('wallets are read in the order in which they were asked for, the missing ones too', async (t) => {
    const store = await createStore(t)
    await store.open([BOB, ANN])
    const found = await store.wallets([ANN, toUserID('nobody'), BOB, ANN])
    t.strictSame(
      found.map((wallet) => wallet?.userID),
      [ANN, undefined, BOB, ANN],
    )
  })

  t.test('user IDs are kept as they are, whatever is in them', async (t) => {
    const store = await createStore(t)
    const users = [
      'a"b',
      "a'b",
      'a\\b',
      '{a,b}',
      'NULL',
      'null',
      '名前',
      '😀'.repeat(128),
      '..',
      'é',
      'e\u0301',
      'a,b',
    ].map(toUserID)
    await store.open(users)
    for (const user of users) await executed(store, command(user, deposit(1n)))
    t.strictSame(
      (await store.wallets(users)).map((wallet) => wallet?.userID),
      users,
    )
    t.strictSame(
      await balances(store, ...users),
      users.map(() => 1n),
    )
  })
}

function transactions(t: Test, createStore: CreateStore): void {
  t.test('a deposit and a withdrawal change the balance, and are written down', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const first = await executed(store, command(ANN, deposit(MAX_UNITS)))
    const second = await executed(store, command(ANN, withdraw(MAX_UNITS - 1n)))
    t.strictSame(await history(store, ANN), [second, first])
    t.match(first, {
      id: 1n,
      type: TransactionType.Deposit,
      amount: MAX_UNITS,
      balance: MAX_UNITS,
      passiveUserID: null,
    })
    t.match(second, {
      id: 2n,
      type: TransactionType.Withdrawal,
      amount: MAX_UNITS - 1n,
      balance: 1n,
      passiveUserID: null,
    })
    t.match((await store.wallets([ANN]))[0], { balance: 1n, version: 2n, updatedAt: second.createdAt })
  })

  t.test('a transfer writes both halves with one ID and one instant', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(ANN, deposit(10n)))
    const out = await executed(store, command(ANN, transfer(BOB, 4n)))
    const [into] = await history(store, BOB)
    t.match(out, {
      userID: ANN,
      id: 2n,
      type: TransactionType.TransferOut,
      amount: 4n,
      balance: 6n,
      passiveUserID: BOB,
    })
    t.match(into, {
      userID: BOB,
      id: 1n,
      type: TransactionType.TransferIn,
      amount: 4n,
      balance: 4n,
      passiveUserID: ANN,
    })
    t.equal(into?.transactionID, out.transactionID)
    t.equal(into?.createdAt, out.createdAt)
  })

  t.test('a batch is decided in its order, and each refusal concerns its own command', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    const decided = await transact(
      store,
      command(ANN, transfer(BOB, 1n)),
      command(ANN, deposit(5n)),
      command(ANN, transfer(BOB, 5n)),
      command(BOB, transfer(ANN, 3n)),
      command(toUserID('nobody'), deposit(1n)),
    )
    t.strictSame(
      decided.map(({ kind }) => kind),
      ['refused', 'executed', 'executed', 'executed', 'rejected'],
    )
    t.strictSame(await balances(store, ANN, BOB), [3n, 2n])
    t.strictSame(
      (await history(store, ANN)).map(({ id }) => id),
      [3n, 2n, 1n],
    )
  })

  t.test('when the decision throws, nothing is kept and the wallets are free again', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const of = command(ANN, deposit(1n))
    const reads = { wallets: new Set([ANN]), transactionIDs: [of] }
    await t.rejects(
      store.transact(reads, () => {
        throw new Error('a bug in the rules')
      }),
      { message: 'a bug in the rules' },
    )
    t.strictSame(await balances(store, ANN), [0n])
    t.equal((await executed(store, of)).id, 1n)
  })
}

function outcomes(t: Test, createStore: CreateStore): void {
  t.test('an executed ID is answered with the same transaction ever after', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(ANN, deposit(10n)))
    const of = command(ANN, transfer(BOB, 4n))
    const transaction = await executed(store, of)
    t.strictSame(await transact(store, of), [{ kind: 'executed', transaction, replayed: true }])
    t.match(await store.outcome(ANN, of.transactionID), { stored: { kind: 'executed', transaction } })
    t.strictSame(await balances(store, ANN, BOB), [6n, 4n])
  })

  t.test("the recipient's half of a transfer is no outcome of the recipient's", async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(ANN, deposit(10n)))
    const { transactionID } = await executed(store, command(ANN, transfer(BOB, 4n)))
    t.match(await store.outcome(ANN, transactionID), { stored: { transaction: { type: TransactionType.TransferOut } } })
  })

  for (const [code, movement] of [
    ['INSUFFICIENT_BALANCE', withdraw(1n)],
    ['INSUFFICIENT_BALANCE', transfer(BOB, 1n)],
    ['PASSIVE_WALLET_NOT_FOUND', transfer(toUserID('"nobody"'), 1n)],
  ] as const) {
    t.test(`${code} of a ${movement.kind} stays the outcome, even once there is money`, async (t) => {
      const store = await createStore(t)
      await store.open([ANN, BOB])
      const of = command(ANN, movement, { requestID: 'request "1", {first}' as RequestID })
      const [first] = await transact(store, of)
      t.match(first, { kind: 'refused', replayed: false, refusal: { code, movement, requestID: of.requestID } })
      await executed(store, command(ANN, deposit(10n)))
      await store.open([toUserID('"nobody"')])
      const [again] = await transact(store, { ...of, requestID: 'request-2' as RequestID })
      t.strictSame(again, { ...first, replayed: true })
      const refusal = first?.kind === 'refused' && first.refusal
      t.strictSame((await store.outcome(ANN, of.transactionID)).stored, { kind: 'refused', refusal })
    })
  }

  t.test('an expired ID stays expired when a clock is set back', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const of = command(ANN, deposit(1n), { expiresAt: fromMilliseconds(0) })
    const [first] = await transact(store, of)
    t.match(first, { kind: 'refused', refusal: { code: 'TRANSACTION_ID_EXPIRED' } })
    const [again] = await transact(store, { ...of, expiresAt: FAR_FUTURE })
    t.match(again, { kind: 'refused', refusal: { code: 'TRANSACTION_ID_EXPIRED' }, replayed: true })
    t.strictSame(await balances(store, ANN), [0n])
  })

  t.test('an unused ID has no outcome, and the time is told', async (t) => {
    const store = await createStore(t)
    const { stored, now } = await store.outcome(ANN, randomUUID() as TransactionID)
    t.equal(stored, undefined)
    t.ok(now > fromMilliseconds(Date.UTC(2024, 0)) && now < FAR_FUTURE)
  })
}

function pages(t: Test, createStore: CreateStore): void {
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
}

function races(t: Test, createStore: CreateStore): void {
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
