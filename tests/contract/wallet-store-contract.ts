import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { RequestID } from '../../src/domain/command.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { MAX_UNITS } from '../../src/domain/money.ts'
import { type TransactionID, TransactionType } from '../../src/domain/transaction.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import { atomicContract } from './atomic-contract.ts'
import { feedContract } from './feed-contract.ts'
import { historyContract } from './history-contract.ts'
import { inspectionContract } from './inspection-contract.ts'
import { newsContract } from './news-contract.ts'
import { notesContract } from './notes-contract.ts'
import { pastContract } from './past-contract.ts'
import { racesContract } from './races-contract.ts'
import { statesContract } from './states-contract.ts'
import {
  ANN,
  BOB,
  balances,
  type CreateStore,
  command,
  deposit,
  executed,
  FAR_FUTURE,
  history,
  transact,
  transfer,
  withdraw,
} from './store-calls.ts'

/**
 * What every store promises, whatever it keeps things in.
 *
 * @param has what not every store has: no feed if the tables are distributed.
 */
export function walletStoreContract(t: Test, createStore: CreateStore, has = { feed: true }): void {
  wallets(t, createStore)
  transactions(t, createStore)
  outcomes(t, createStore)
  historyContract(t, createStore)
  newsContract(t, createStore)
  if (has.feed) feedContract(t, createStore)
  inspectionContract(t, createStore)
  racesContract(t, createStore)
  atomicContract(t, createStore)
  notesContract(t, createStore)
  statesContract(t, createStore)
  pastContract(t, createStore)
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
      '...',
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
    await t.rejects(
      store.transact([of], () => {
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
