import { randomBytes } from 'node:crypto'
import t from 'tap'
import { connect, migrate, migrationNames } from '../../db/migrate.ts'
import { beginEpoch, readLedgerState } from '../../db/restoration.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { declareRestored } from '../support/database/declare-restored.ts'
import { lockWaiters } from '../support/database/lock-waiters.ts'
import { eventually } from '../support/eventually.ts'

const WAIT_LIMIT_MS = 10_000
/** The migration from which on there are several keys. */
const KEY_RING = '0008_key_ring'

t.test('a restoration is not done before every batch is over that may not have seen it', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `INSERT INTO user_wallet VALUES ('ada', 0, 0, now(), now())`)
  const [batch, later] = [await connect(database), await connect(database)]
  t.teardown(() => Promise.all([batch.end(), later.end()]))
  const lock = `BEGIN; SELECT FROM user_wallet WHERE user_id = 'ada' FOR UPDATE`
  await batch.query(lock)

  let isDone = false
  const restoring = declareRestored(database).then(() => {
    isDone = true
  })
  await eventually('the new epoch', WAIT_LIMIT_MS, async () => {
    const [keys] = await administer(database, 'SELECT count(*)::int AS count FROM transaction_id_key')
    return keys?.count === 1 ? true : undefined
  })
  t.notOk(isDone, 'the batch may have read the epoch before')
  await batch.query('ROLLBACK')
  await later.query(lock)
  await restoring
  t.ok(isDone, 'and one that comes later is not waited for')
})

t.test('of two restorations at once one does it for both', async (t) => {
  const database = await createTestDatabase(t)
  const [one, other] = [await connect(database), await connect(database)]
  t.teardown(() => Promise.all([one.end(), other.end()]))
  await one.query('BEGIN')
  await beginEpoch(one, randomBytes(32))
  const restoring = beginEpoch(other, randomBytes(32))
  const watcher = await connect(database)
  t.teardown(() => watcher.end())
  await eventually('the other waits for it', WAIT_LIMIT_MS, async () =>
    (await lockWaiters(watcher)) > 0 ? true : undefined,
  )
  await one.query('COMMIT')
  await restoring
  const keys = await administer(database, 'SELECT number::int, count(*) OVER ()::int AS count FROM transaction_id_key')
  t.same(keys, [{ number: 2, count: 1 }])
})

t.test('the state of a ledger names its newest transaction and its last restoration', async (t) => {
  const database = await createTestDatabase(t)
  const client = await connect(database)
  t.teardown(() => client.end())
  t.same(await readLedgerState(client), { lastTransactionAt: undefined, lastRestoredAt: undefined })
  await administer(
    database,
    `INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, balance, created_at)
     VALUES ('ada', 1, gen_random_uuid(), 1, 5, 5, '2026-11-22T11:52:50.468215+02')`,
  )
  await declareRestored(database)
  const state = await readLedgerState(client)
  t.equal(state.lastTransactionAt, '2026-11-22T09:52:50.468215Z')
  t.match(state.lastRestoredAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
})

t.test(
  'a ledger that was restored is not taken back to a schema in which its retired keys would be good',
  async (t) => {
    const database = await createTestDatabase(t)
    await administer(database, `INSERT INTO transaction_id_key (key) VALUES ('${'k'.repeat(32)}')`)
    await declareRestored(database)
    const later = (await migrationNames()).filter((name) => name > KEY_RING)
    for (const _ of later) await migrate(database, 'down')
    await t.rejects(migrate(database, 'down'))
    const [keys] = await administer(database, 'SELECT count(*)::int AS count FROM transaction_id_key')
    t.same(keys, { count: 2 })
  },
)
