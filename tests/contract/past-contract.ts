import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Test } from 'tap'
import { after, type Instant } from '../../src/domain/instant.ts'
import { MAX_UNITS } from '../../src/domain/money.ts'
import type { Moment, Period } from '../../src/domain/past.ts'
import { type Transaction, TransactionType } from '../../src/domain/transaction.ts'
import { newWallet, type Wallet } from '../../src/domain/wallet.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { runBatches } from '../support/database/run-commands.ts'
import { eventually } from '../support/eventually.ts'
import { createCast, cuts, partition, successes } from '../support/random/random-commands.ts'
import { seeded } from '../support/random/random-seed.ts'
import {
  ANN,
  BOB,
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

const RUNS = 20
const LIMIT_MS = 5000
const LONG_AGO = after(FAR_FUTURE, -4_000_000_000_000_000n)
const { Deposit, Withdrawal, TransferIn, TransferOut } = TransactionType

/** How every store tells the past. */
export function pastContract(t: Test, createStore: CreateStore): void {
  t.test('a wallet is found as it was after each of its transactions, and right before', async (t) => {
    const store = await createStore(t)
    const [opened] = await store.open([ANN, BOB])
    assert.ok(opened !== undefined)
    const { createdAt } = opened.wallet
    const first = await executed(store, command(ANN, deposit(5n)))
    const second = await executed(store, command(ANN, transfer(BOB, 2n)))
    t.equal(await walletAt(store, { userID: ANN, at: after(createdAt, -1n) }), undefined, 'it was not open yet')
    t.strictSame(await walletAt(store, { userID: ANN, at: createdAt }), newWallet(ANN, createdAt))
    t.strictSame(await walletAt(store, { userID: ANN, at: after(first.createdAt, -1n) }), newWallet(ANN, createdAt))
    t.strictSame(await walletAt(store, { userID: ANN, at: first.createdAt }), walletAfter(createdAt, first))
    t.strictSame(
      await walletAt(store, { userID: ANN, at: after(second.createdAt, -1n) }),
      walletAfter(createdAt, first),
    )
    t.strictSame(await walletAt(store, { userID: ANN, at: second.createdAt }), walletAfter(createdAt, second))
    t.match(await walletAt(store, { userID: BOB, at: second.createdAt }), { balance: 2n, version: 1n })
  })

  t.test('a wallet has the state that it had then', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const { createdAt } = await executed(store, command(ANN, deposit(5n)))
    // Not in one microsecond, which a clock of milliseconds would make of them.
    await walletAt(store, { userID: ANN, at: after(createdAt, 1000n) })
    const change = (state: 'open' | 'frozen') =>
      store.changeState({ userID: ANN, state, reason: 'a reason', changedBy: null })
    await change('frozen')
    const [frozen] = await store.stateChanges(ANN)
    assert.ok(frozen !== undefined)
    await walletAt(store, { userID: ANN, at: after(frozen.changedAt, 1000n) })
    await change('open')
    const [reopened] = await store.stateChanges(ANN)
    assert.ok(reopened !== undefined)
    const stateAt = async (at: Instant) => (await walletAt(store, { userID: ANN, at }))?.state
    t.equal(await stateAt(after(frozen.changedAt, -1n)), undefined)
    t.equal(await stateAt(frozen.changedAt), 'frozen')
    t.equal(await stateAt(after(reopened.changedAt, -1n)), 'frozen')
    t.equal(await stateAt(reopened.changedAt), undefined)
  })

  t.test('a moment that is not over is in the future, whether there is a wallet or not', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    for (const userID of [ANN, BOB]) {
      const asked = await store.walletAt({ userID, at: FAR_FUTURE })
      t.equal(asked.kind, 'future')
      t.ok(asked.kind === 'future' && asked.now > LONG_AGO && asked.now < FAR_FUTURE, 'with the time of now')
    }
    t.strictSame(await store.walletAt({ userID: BOB, at: LONG_AGO }), { kind: 'absent' })
  })

  t.test('a statement has the balances of both ends, and the transactions in between by type', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(BOB, deposit(9n)))
    const before = await executed(store, command(ANN, deposit(5n)))
    const first = await executed(store, command(ANN, transfer(BOB, 2n)))
    await executed(store, command(BOB, transfer(ANN, 4n)))
    await executed(store, command(ANN, transfer(BOB, 1n)))
    const last = await executed(store, command(ANN, withdraw(6n)))
    const period = { userID: ANN, from: first.createdAt, to: after(last.createdAt, 1n) }
    t.strictSame(await store.statement(period), {
      ...period,
      ...{ opening: before.balance, closing: 0n, count: 4n, firstID: 2n, lastID: 5n },
      totals: {
        [Deposit]: { count: 0n, amount: 0n },
        [Withdrawal]: { count: 1n, amount: 6n },
        [TransferIn]: { count: 1n, amount: 4n },
        [TransferOut]: { count: 2n, amount: 3n },
      },
    })
    t.match(await store.statement({ ...period, to: last.createdAt }), { closing: 6n, count: 3n, lastID: 4n })
    t.match(await store.statement({ ...period, from: after(first.createdAt, 1n) }), { opening: 3n, firstID: 3n })
    t.match(await store.statement({ ...period, to: FAR_FUTURE }), { closing: 0n, count: 4n }, 'so far')
  })

  t.test(
    'a period without transactions has none, before the wallet too, and no one else has a statement',
    async (t) => {
      const store = await createStore(t)
      await store.open([ANN])
      const nothing = { count: 0n, amount: 0n }
      const totals = { [Deposit]: nothing, [Withdrawal]: nothing, [TransferIn]: nothing, [TransferOut]: nothing }
      const empty = { opening: 0n, closing: 0n, count: 0n, firstID: null, lastID: null, totals }
      const period = { userID: ANN, from: LONG_AGO, to: after(LONG_AGO, 1n) }
      t.strictSame(await store.statement(period), { ...period, ...empty })
      const { createdAt } = await executed(store, command(ANN, deposit(5n)))
      const later = { userID: ANN, from: after(createdAt, 1n), to: FAR_FUTURE }
      t.strictSame(await store.statement(later), { ...later, ...empty, opening: 5n, closing: 5n })
      t.equal(await store.statement({ ...period, userID: BOB }), undefined)
    },
  )

  t.test('totals are exact beyond what a wallet can hold', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const there = () => command(ANN, deposit(MAX_UNITS))
    const back = () => command(ANN, withdraw(MAX_UNITS))
    await transact(store, there(), back(), there(), back(), there())
    const amount = MAX_UNITS * 3n
    t.match(await store.statement({ userID: ANN, from: LONG_AGO, to: FAR_FUTURE }), {
      ...{ opening: 0n, closing: MAX_UNITS, count: 5n },
      totals: { [Deposit]: { count: 3n, amount }, [Withdrawal]: { count: 2n, amount: MAX_UNITS * 2n } },
    })
  })

  t.test('statements and moments agree with the history, wherever it is cut', async (t) => {
    const store = await createStore(t)
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        successes,
        cuts,
        fc.array(places, { minLength: 2, maxLength: 8 }),
        async (drafts, cuts, asked) => {
          run += 1
          const cast = createCast(run)
          const [opened] = await store.open(cast.owners)
          await runBatches(store, partition(cast.commands(drafts), cuts))
          const [userID] = cast.owners
          assert.ok(userID !== undefined && opened !== undefined)
          const lived = (await history(store, userID)).toReversed()
          const ends = [LONG_AGO, ...asked.map((place) => near(place, lived)), FAR_FUTURE].sort((a, b) => Number(a - b))
          await periodsFollowEachOther(store, userID, ends, lived)
          for (const at of ends.slice(1, -1))
            assert.deepEqual(await walletAt(store, { userID, at }), foldedAt(at, opened.wallet, lived))
        },
      ),
      seeded(t, RUNS),
    )
    t.equal(run, RUNS)
  })

  t.test('a history begins with what is not earlier than its first moment', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    for (let n = 0; n < 4; n += 1) await executed(store, command(ANN, deposit(1n)))
    const at = (await history(store, ANN)).toReversed().map(({ createdAt }) => createdAt)
    const ids = async (bounds: { createdFrom?: Instant; createdAfter?: Instant; createdBefore?: Instant }) =>
      (await store.history({ userID: ANN, limit: 9, ...bounds }))?.transactions.map(({ id }) => Number(id))
    const [first = LONG_AGO, second = LONG_AGO, third = LONG_AGO] = at
    t.strictSame(await ids({ createdFrom: second }), [4, 3, 2])
    t.strictSame(await ids({ createdFrom: after(second, 1n) }), [4, 3])
    t.strictSame(await ids({ createdFrom: second, createdAfter: first }), [4, 3, 2], 'both narrow')
    t.strictSame(await ids({ createdFrom: first, createdAfter: second }), [4, 3], 'both narrow')
    t.strictSame(await ids({ createdFrom: second, createdBefore: third }), [2])
    t.strictSame(await ids({ createdFrom: FAR_FUTURE }), [])
  })
}

/** A point near the transaction of a history, or near where it would go on. */
interface Place {
  readonly index: number
  readonly off: bigint
}
const places: fc.Arbitrary<Place> = fc.record({ index: fc.nat(60), off: fc.bigInt(-1n, 1n) })

function near({ index, off }: Place, lived: readonly Transaction[]): Instant {
  return after(lived[index % lived.length]?.createdAt ?? LONG_AGO, off)
}

async function periodsFollowEachOther(
  store: WalletStore,
  userID: Period['userID'],
  ends: readonly Instant[],
  lived: readonly Transaction[],
): Promise<void> {
  let closing = 0n
  let next = 1n
  for (const [index, from] of ends.slice(0, -1).entries()) {
    const statement = await store.statement({ userID, from, to: ends[index + 1] ?? FAR_FUTURE })
    assert.ok(statement?.totals)
    assert.equal(statement.opening, closing, 'the closing of one period is the opening of the next')
    const within = lived.filter(({ createdAt }) => createdAt >= from && createdAt < statement.to)
    assert.equal(statement.count, BigInt(within.length))
    assert.deepEqual([statement.firstID, statement.lastID], [within[0]?.id ?? null, within.at(-1)?.id ?? null])
    if (statement.firstID !== null) assert.equal(statement.firstID, next, 'no transaction is between two periods')
    const { [Deposit]: deposits, [Withdrawal]: withdrawals, [TransferIn]: into, [TransferOut]: out } = statement.totals
    assert.equal(deposits.count + withdrawals.count + into.count + out.count, statement.count)
    const moved = deposits.amount + into.amount - withdrawals.amount - out.amount
    assert.equal(statement.opening + moved, statement.closing)
    closing = statement.closing
    next = (statement.lastID ?? next - 1n) + 1n
  }
  assert.equal(closing, lived.at(-1)?.balance ?? 0n)
}

function walletAfter(createdAt: Instant, { userID, id, balance, createdAt: updatedAt }: Transaction): Wallet {
  return { userID, balance, version: id, createdAt, updatedAt }
}

function foldedAt(at: Instant, { userID, createdAt }: Wallet, lived: readonly Transaction[]): Wallet | undefined {
  if (createdAt > at) return undefined
  let wallet: Wallet = newWallet(userID, createdAt)
  for (const transaction of lived) if (transaction.createdAt <= at) wallet = walletAfter(createdAt, transaction)
  return wallet
}

/** Asks once the moment is over: transactions that were made at once may be a few microseconds ahead of the clock. */
async function walletAt(store: WalletStore, moment: Moment): Promise<Wallet | undefined> {
  const past = await eventually('the moment is over', LIMIT_MS, async () => {
    const asked = await store.walletAt(moment)
    return asked.kind === 'future' ? undefined : asked
  })
  return past.kind === 'found' ? past.wallet : undefined
}
