import pg from 'pg'
import t from 'tap'
import { administer, createBareDatabase, createTestDatabase } from '../support/database/database.ts'
import { refused } from '../support/process/refused.ts'
import { startPgBouncer } from './pgbouncer.ts'

/** What the service asks for as a connection begins. */
const SETTINGS = {
  lock_timeout: '1s',
  statement_timeout: '1500',
  idle_in_transaction_session_timeout: '1500',
  client_connection_check_interval: '500',
  idle_session_timeout: '10min',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  jit: 'off',
}
const ALL = [...Object.keys(SETTINGS), 'options']
const POOLER = 'DATABASE_URL leads to a connection pooler, such as PgBouncer, which gives us no session of our own'
const REFUSES = new RegExp(`${POOLER}.*\\(unsupported startup parameter.*\\); point it at PostgreSQL itself`)
const DROPS = new RegExp(`${POOLER} with our own settings; point it at PostgreSQL itself`)
const everywhere = (says: RegExp) => ({ start: says, migrate: says, audit: says })

for (const mode of ['transaction', 'session'] as const) {
  t.test(`PgBouncer in ${mode} mode is refused: it takes none of the settings`, async (t) => {
    const database = await createBareDatabase(t)
    const address = await startPgBouncer(t, database, { mode })
    await refused(t, address, everywhere(REFUSES), { look: database })
  })

  t.test(`PgBouncer in ${mode} mode is refused where it drops the settings in silence`, async (t) => {
    const database = await createBareDatabase(t)
    const address = await startPgBouncer(t, database, { mode, ignores: ALL })
    await refused(t, address, everywhere(DROPS), { look: database })
  })

  t.test(
    `PgBouncer in ${mode} mode is refused where the database has all the settings, and it one connection`,
    async (t) => {
      const database = await createTestDatabase(t)
      for (const [name, value] of Object.entries(SETTINGS))
        await administer(database, `ALTER DATABASE ${database.database} SET ${name} = '${value}'`)
      const address = await startPgBouncer(t, database, { mode, ignores: ALL, connections: 1 })
      await refused(t, address, everywhere(DROPS), { look: database })
    },
  )
}

t.test('a command that is refused leaves no lock and no setting on the connections that others share', async (t) => {
  const database = await createTestDatabase(t)
  const address = await startPgBouncer(t, database, { mode: 'transaction', ignores: ALL, connections: 1 })
  await refused(t, address, everywhere(DROPS), { look: database })
  // In this database: an embedded server has a lock elsewhere that says whose it is.
  const ofThis = `database = (SELECT oid FROM pg_database WHERE datname = current_database())`
  const locks = await administer(database, `SELECT FROM pg_locks WHERE locktype = 'advisory' AND ${ofThis}`)
  t.strictSame(locks, [])
  const { host, port, user, database: name } = address
  const other = new pg.Client({ host, port, user, database: name })
  await other.connect()
  const { rows } = await other.query('SHOW enable_seqscan')
  await other.end()
  t.strictSame(rows, [{ enable_seqscan: 'on' }])
})
