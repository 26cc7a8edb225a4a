import t, { type Test } from 'tap'
import { connect } from '../../db/migrate.ts'
import { decideBatch } from '../../src/domain/decide.ts'
import { after, fromMilliseconds, type Instant } from '../../src/domain/instant.ts'
import type { Statement } from '../../src/domain/past.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { ANN, BOB, command, deposit, executed, FAR_FUTURE, transact, transfer } from '../contract/store-calls.ts'
import { openTestStore } from '../support/database/connections.ts'
import { createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'
import { lockWaiters } from '../support/database/lock-waiters.ts'
import { eventually } from '../support/eventually.ts'

/*
 * A batch takes the database's time under the locks of its wallets, and commits later. A read that came in between would tell
 * of a time for which not all is there yet: what it said would change.
 */

const skip = leftOutOnCitus('it stops sessions by locks that a worker would hold')
const LIMIT_MS = 5000
const LONG_AGO = fromMilliseconds(Date.UTC(2000, 0))
const SETTLED_MICROS = BigInt(TIMEOUTS_MS.settled) * 1000n

/** A store where Ann has 5, and a deposit of 1 more that has taken its time and cannot be written before it is let go. */
async function startHeldDeposit(t: Test) {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  await store.open([ANN])
  await executed(store, command(ANN, deposit(5n)))
  const blocker = await connect(database)
  t.teardown(() => blocker.end())
  await blocker.query('BEGIN; LOCK TABLE user_wallet_transaction IN SHARE MODE')
  let taken: Instant | undefined
  const deposited = store.transact([command(ANN, deposit(1n))], (units, state, now) => {
    taken = now
    return decideBatch(units, state, now)
  })
  const waiting = () => lockWaiters(blocker)
  const time = await eventually('the deposit waits', LIMIT_MS, async () =>
    (await waiting()) === 1 ? taken : undefined,
  )
  return { store, deposited, time, waiting, release: () => blocker.query('COMMIT') }
}

/** Whether the read waits for the deposit: lets the deposit go once the read waits, or is over. */
async function waits<Answer>({ waiting }: Awaited<ReturnType<typeof startHeldDeposit>>, read: Promise<Answer>) {
  let over = false
  const answer = read.finally(() => {
    over = true
  })
  await eventually('the read waits or is over', LIMIT_MS, async () => over || (await waiting()) === 2 || undefined)
  return { waited: !over, answer }
}

t.test('a period that ends just now is told once all of it is there', { skip }, async (t) => {
  const held = await startHeldDeposit(t)
  const period = { userID: ANN, from: LONG_AGO, to: after(held.time, 1n) }
  const { waited, answer } = await waits(held, held.store.statement(period))
  await held.release()
  t.match(await held.deposited, [{ kind: 'executed', transaction: { createdAt: held.time } }])
  t.match(await answer, { closing: 6n, count: 2n })
  t.ok(waited)
})

t.test('so is one that began just now and is not over', { skip }, async (t) => {
  const held = await startHeldDeposit(t)
  const period = { userID: ANN, from: after(held.time, 1n), to: FAR_FUTURE }
  const { waited, answer } = await waits(held, held.store.statement(period))
  await held.release()
  await held.deposited
  t.match(await answer, { opening: 6n, count: 0n })
  t.ok(waited)
})

t.test('so is a wallet at a moment that is just over', { skip }, async (t) => {
  const held = await startHeldDeposit(t)
  const { waited, answer } = await waits(held, held.store.walletAt({ userID: ANN, at: held.time }))
  await held.release()
  await held.deposited
  t.match(await answer, { kind: 'found', wallet: { balance: 6n, version: 2n, updatedAt: held.time } })
  t.ok(waited)
})

t.test('no read waits for what cannot change any more, or is not over', { skip }, async (t) => {
  const held = await startHeldDeposit(t)
  const { store, time } = held
  const settled = after(time, -SETTLED_MICROS)
  const reads = [
    store.statement({ userID: ANN, from: LONG_AGO, to: settled }),
    store.statement({ userID: ANN, from: settled, to: FAR_FUTURE }),
    store.walletAt({ userID: ANN, at: settled }),
    store.walletAt({ userID: ANN, at: FAR_FUTURE }),
  ]
  const { waited, answer } = await waits(held, Promise.all(reads))
  await held.release()
  await held.deposited
  await answer
  t.notOk(waited)
})

t.test('what is told of periods that end while transfers are in flight stays true', async (t) => {
  const store = await openTestStore(t, await createTestDatabase(t), { writeConnections: 4 })
  await store.open([ANN, BOB])
  const { transactionID } = await executed(store, command(ANN, deposit(1_000_000n)))
  let busy = true
  async function send(): Promise<void> {
    while (busy) await transact(store, command(ANN, transfer(BOB, 1n)), command(BOB, transfer(ANN, 1n)))
  }
  const senders = Array.from({ length: 4 }, send)
  const told: Statement[] = []
  let from = LONG_AGO
  while (told.length < 100) {
    const { now: to } = await store.outcome(ANN, transactionID)
    const statement = await store.statement({ userID: ANN, from, to })
    if (statement !== undefined) told.push(statement)
    from = to
  }
  busy = false
  await Promise.all(senders)
  for (const statement of told) {
    const { userID, from, to } = statement
    t.strictSame(await store.statement({ userID, from, to }), statement)
  }
  t.ok(told.filter(({ count }) => count > 0n).length > told.length / 2, 'transfers were in flight')
})
