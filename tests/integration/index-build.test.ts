import t, { type Test } from 'tap'
import { connect, migrate } from '../../db/migrate.ts'
import type { ServerAddress } from '../../src/ports/server-address.ts'
import { ANN, command, deposit, executed } from '../contract/store-calls.ts'
import { administer, createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { openTestStore } from '../support/lanes.ts'

const MIGRATION = '0003_history_by_time'
const WAIT_LIMIT_MS = 20_000

/**
 * A database of the release before, in which somebody looks at one moment for as long as they like: an index that is built
 * concurrently waits for them, as late as it can.
 */
async function startOld(t: Test) {
  const database = await createTestDatabase(t)
  t.same(await migrate(database, 'down'), [MIGRATION])
  const reader = await connect(database)
  t.teardown(() => reader.end())
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM user_wallet')
  return { database, endReading: () => reader.query('ROLLBACK') }
}

async function indexState(database: ServerAddress): Promise<unknown> {
  const [row] = await administer(
    database,
    `SELECT indisvalid AS valid, indisready AS kept_up FROM pg_index
     WHERE indexrelid = to_regclass('user_wallet_transaction_by_time')`,
  )
  return row
}

/** Until the index is all built but for the wait; says by whom. */
async function built(database: ServerAddress): Promise<number> {
  return eventually('an index that waits to be valid', WAIT_LIMIT_MS, async () => {
    const [row] = await administer(
      database,
      `SELECT pid FROM pg_stat_activity
       WHERE datname = '${database.database}' AND wait_event = 'virtualxid' AND query LIKE '%CREATE INDEX%'`,
    )
    return typeof row?.pid === 'number' ? row.pid : undefined
  })
}

async function isNoted(database: ServerAddress): Promise<boolean> {
  return (await administer(database, `SELECT FROM wallet_migration WHERE name = '${MIGRATION}'`)).length === 1
}

t.test('while the index on time is built, everybody reads and writes', async (t) => {
  const { database, endReading } = await startOld(t)
  const store = await openTestStore(t, database)
  const migrating = migrate(database, 'up')
  await built(database)
  await store.open([ANN])
  const paid = await executed(store, command(ANN, deposit(5n)))
  t.same(await store.history({ userID: ANN, limit: 1 }), { transactions: [paid], nextIDBefore: null })
  t.same(await indexState(database), { valid: false, kept_up: true })
  t.notOk(await isNoted(database))
  await endReading()
  t.same(await migrating, [MIGRATION])
  t.same(await indexState(database), { valid: true, kept_up: true })
  t.same(await store.history({ userID: ANN, limit: 1 }), { transactions: [paid], nextIDBefore: null })
})

t.test('what a build that was cut off has left is built again at the next start', async (t) => {
  const { database, endReading } = await startOld(t)
  const cutOff = t.rejects(migrate(database, 'up'))
  await administer(database, `SELECT pg_terminate_backend(${await built(database)})`)
  await cutOff
  t.same(await indexState(database), { valid: false, kept_up: true })
  t.notOk(await isNoted(database))
  await endReading()
  t.same(await migrate(database, 'up'), [MIGRATION])
  t.same(await indexState(database), { valid: true, kept_up: true })
})

t.test('instances that wait for the one that builds do not keep it from finishing', async (t) => {
  const { database, endReading } = await startOld(t)
  const first = migrate(database, 'up')
  await built(database)
  const others = [migrate(database, 'up'), migrate(database, 'up')]
  await eventually('the others wait', WAIT_LIMIT_MS, async () => {
    const rows = await administer(
      database,
      `SELECT FROM pg_stat_activity
       WHERE datname = '${database.database}' AND query LIKE 'SELECT pg_%advisory_lock(%'`,
    )
    return rows.length === others.length ? true : undefined
  })
  await endReading()
  t.same(await Promise.all([first, ...others]), [[MIGRATION], [], []])
})
