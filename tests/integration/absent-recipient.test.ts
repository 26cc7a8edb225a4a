import t, { type Test } from 'tap'
import { connect } from '../../db/migrate.ts'
import { ANN, BOB, command, deposit, executed, transact, transfer } from '../contract/store-calls.ts'
import { openTestStore } from '../support/database/connections.ts'
import { createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'
import { lockWaiters } from '../support/database/lock-waiters.ts'
import { eventually } from '../support/eventually.ts'

/*
 * A wallet that is not there has no row to lock. What keeps it from being opened between the moment at which a transfer
 * to it is refused and the moment at which everyone can see the refusal is another lock; without it a client could see
 * the wallet, then the transaction ID unused, and then, of that ID, that there was no such wallet.
 */

const skip = leftOutOnCitus('it stops sessions by locks that a worker would hold')
const LIMIT_MS = 5000

/** A store where Ann has money and Bob no wallet, a session that holds others up, and how many it holds up. */
async function start(t: Test) {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  await store.open([ANN])
  await executed(store, command(ANN, deposit(5n)))
  const blocker = await connect(database)
  t.teardown(() => blocker.end())
  const waiting = () => lockWaiters(blocker)
  return { store, blocker, waiting }
}

t.test('a wallet that a transfer did not find is not opened before everyone sees the refusal', { skip }, async (t) => {
  const { store, blocker, waiting } = await start(t)
  const sending = command(ANN, transfer(BOB, 1n))

  await blocker.query('BEGIN; LOCK TABLE user_wallet_refusal IN SHARE MODE')
  const refused = transact(store, sending)
  await eventually('the transfer waits', LIMIT_MS, async () => (await waiting()) === 1 || undefined)
  let settled = false
  const opened = store.open([BOB]).finally(() => {
    settled = true
  })
  await eventually(
    'the opening waits or is over',
    LIMIT_MS,
    async () => settled || (await waiting()) === 2 || undefined,
  )
  t.notOk(settled, 'the opening waits for the refusal')
  await blocker.query('COMMIT')
  t.match(await refused, [{ kind: 'refused', refusal: { code: 'PASSIVE_WALLET_NOT_FOUND' } }])
  t.match(await opened, [{ created: true }])
})

t.test('a transfer to a wallet that is just being opened is not refused but tried again', { skip }, async (t) => {
  const { store, blocker, waiting } = await start(t)
  const sending = command(ANN, transfer(BOB, 1n))

  await blocker.query(
    `BEGIN; INSERT INTO user_wallet (user_id, balance, version, created_at, updated_at) VALUES ('bob', 0, 0, now(), now())`,
  )
  const opened = store.open([BOB])
  await eventually('the opening waits', LIMIT_MS, async () => (await waiting()) === 1 || undefined)
  let settled = false
  const first = transact(store, sending)
    .catch((error: unknown) => error)
    .finally(() => {
      settled = true
    })
  await eventually(
    'the transfer waits or is over',
    LIMIT_MS,
    async () => settled || (await waiting()) === 2 || undefined,
  )
  t.notOk(settled, 'the transfer waits for the opening')
  await blocker.query('ROLLBACK')
  t.match(await opened, [{ created: true }])
  t.match(await first, { name: 'StoreError', written: 'no' }, 'nothing was written')
  t.match(await transact(store, sending), [{ kind: 'executed' }], 'the next attempt finds the wallet')
})
