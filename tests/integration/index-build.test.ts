import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { connect, migrate } from '../../db/migrate.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'

const MIGRATION = '0003_history_by_time'
const WAIT_LIMIT_MS = 20_000

/** Looks at one moment for as long as they like: the build waits for them at its end. */
const READER = 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM user_wallet'
/** Was writing when the build came: it waits for them at its beginning. */
const WRITER = 'BEGIN; LOCK TABLE user_wallet_transaction IN ROW EXCLUSIVE MODE'

/** What an instance of the release before does meanwhile: this one's would ask for columns that are not there yet. */
const PAYMENT = `
  BEGIN;
  INSERT INTO user_wallet VALUES ('ann', 5, 1, now(), now());
  SELECT FROM user_wallet WHERE user_id = 'ann' FOR UPDATE;
  INSERT INTO user_wallet_transaction VALUES ('ann', 1, gen_random_uuid(), 1, 5, NULL, 5, now());
  COMMIT`
const PAGE = `SELECT balance FROM user_wallet_transaction WHERE user_id = 'ann' ORDER BY created_at DESC LIMIT 1`

/** A database of the release before, in which someone is at work for whom an index that is built concurrently waits. */
async function startOld(t: Test, work: string) {
  const database = await createTestDatabase(t)
  const undone: string[] = []
  while (!undone.includes(MIGRATION)) undone.unshift(...(await migrate(database, 'down')))
  const other = await connect(database)
  t.teardown(() => other.end())
  await other.query(work)
  return { database, undone, endWork: () => other.query('ROLLBACK') }
}

async function indexState(database: ServerAddress): Promise<unknown> {
  const [row] = await administer(
    database,
    `SELECT indisvalid AS valid, indisready AS kept_up FROM pg_index
     WHERE indexrelid = to_regclass('user_wallet_transaction_by_time')`,
  )
  return row
}

/** Until the build has waited longer than other migrations wait; says who builds. */
async function waiting(database: ServerAddress): Promise<number> {
  return eventually('a build that waits', WAIT_LIMIT_MS, async () => {
    const [row] = await administer(
      database,
      `SELECT pid FROM pg_stat_activity
       WHERE datname = '${database.database}' AND wait_event = 'virtualxid' AND query LIKE '%CREATE INDEX%'
         AND clock_timestamp() - query_start > interval '${2 * TIMEOUTS_MS.migrationLock} ms'`,
    )
    return typeof row?.pid === 'number' ? row.pid : undefined
  })
}

async function isNoted(database: ServerAddress): Promise<boolean> {
  return (await administer(database, `SELECT FROM wallet_migration WHERE name = '${MIGRATION}'`)).length === 1
}

t.test('while the index on time is built, everyone reads and writes', async (t) => {
  const { database, undone, endWork } = await startOld(t, READER)
  const migrating = migrate(database, 'up')
  await waiting(database)
  await administer(database, PAYMENT)
  t.match(await administer(database, PAGE), [{ balance: '5' }])
  t.same(await indexState(database), { valid: false, kept_up: true })
  t.notOk(await isNoted(database))
  await endWork()
  t.same(await migrating, undone)
  t.same(await indexState(database), { valid: true, kept_up: true })
  t.match(await administer(database, PAGE), [{ balance: '5' }])
})

t.test('what a build that was cut off has left is built again at the next start', async (t) => {
  const { database, undone, endWork } = await startOld(t, READER)
  const cutOff = t.rejects(migrate(database, 'up'))
  await administer(database, `SELECT pg_terminate_backend(${await waiting(database)})`)
  await cutOff
  t.same(await indexState(database), { valid: false, kept_up: true })
  t.notOk(await isNoted(database))
  await endWork()
  t.same(await migrate(database, 'up'), undone)
  t.same(await indexState(database), { valid: true, kept_up: true })
})

t.test('instances that wait for the one that builds do not keep it from finishing', async (t) => {
  const { database, undone, endWork } = await startOld(t, WRITER)
  const first = migrate(database, 'up')
  await waiting(database)
  const others = [migrate(database, 'up'), migrate(database, 'up')]
  await eventually('the others wait', WAIT_LIMIT_MS, async () => {
    const rows = await administer(
      database,
      `SELECT FROM pg_stat_activity
       WHERE datname = '${database.database}' AND query LIKE 'SELECT pg_%advisory_lock(%'`,
    )
    return rows.length === others.length ? true : undefined
  })
  await endWork()
  t.same(await Promise.all([first, ...others]), [undone, [], []])
})
