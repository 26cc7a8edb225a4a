import t from 'tap'
import { toURL } from '../../db/address.ts'
import { migrate, migrationNames, whereTablesLie } from '../../db/migrate.ts'
import { administer, createBareDatabase, createTestDatabase, testServer } from '../support/database/database.ts'
import { runServiceToEnd, runWallet, startServiceProcess } from '../support/process/service-process.ts'

const NOTES = '0004_notes_and_states'
const SAYS = /^Citus \S+: the tables are distributed by user_id, 4 shards on 2 nodes$/m

t.test('migrating distributes the tables and says so, and a second time there is nothing to do', async (t) => {
  const database = await createBareDatabase(t)
  const env = { DATABASE_URL: toURL(database) }
  const first = await runWallet(t, ['migrate'], { env })
  t.match(first, { code: 0, stdout: SAYS })
  const second = await runWallet(t, ['migrate'], { env })
  t.match(second, { code: 0, stdout: /nothing to do/ })
  t.match(second.stdout, SAYS)
  const tables = await administer(
    database,
    'SELECT table_name::text, distribution_column, colocation_id FROM citus_tables ORDER BY table_name::text',
  )
  t.match(tables, [
    { table_name: 'user_wallet', distribution_column: 'user_id' },
    { table_name: 'user_wallet_note', distribution_column: 'user_id' },
    { table_name: 'user_wallet_refusal', distribution_column: 'user_id' },
    { table_name: 'user_wallet_state_change', distribution_column: 'user_id' },
    { table_name: 'user_wallet_transaction', distribution_column: 'user_id' },
  ])
  t.equal(new Set(tables.map(({ colocation_id }) => colocation_id)).size, 1, 'a wallet and its history lie together')
})

t.test('many may start at once on a new Citus: one of them distributes', async (t) => {
  const database = await createBareDatabase(t)
  const done = await Promise.all(Array.from({ length: 6 }, () => migrate(database, 'up')))
  t.same(done.flat(), await migrationNames())
  t.match(await whereTablesLie(database), SAYS)
})

t.test('taken back all the way it leaves nothing behind, and up again the tables are distributed', async (t) => {
  const database = await createBareDatabase(t)
  await migrate(database, 'up')
  for (const _ of await migrationNames()) await migrate(database, 'down')
  t.equal(await whereTablesLie(database), undefined)
  t.same(await administer(database, `SELECT FROM pg_proc WHERE proname IN ('lock_wallets', 'open_wallets')`), [])
  t.same(await migrate(database, 'up'), await migrationNames())
  t.match(await whereTablesLie(database), SAYS)
})

t.test('what an earlier version has distributed is brought up to date, and history stays append-only', async (t) => {
  const database = await createBareDatabase(t)
  await migrate(database, 'up')
  const names = await migrationNames()
  for (const _ of names.slice(names.indexOf(NOTES))) await migrate(database, 'down')
  t.same(await administer(database, `SELECT FROM citus_tables WHERE table_name = 'user_wallet'::regclass`), [{}])
  await administer(database, `SELECT version FROM open_wallets('{ann}')`)
  t.same(await migrate(database, 'up'), names.slice(names.indexOf(NOTES)))
  const tables = await administer(database, 'SELECT DISTINCT colocation_id FROM citus_tables')
  t.equal(tables.length, 1)
  t.equal((await administer(database, 'SELECT FROM citus_tables')).length, 5)
  t.same(await administer(database, `SELECT state FROM lock_wallets('{ann}')`), [{ state: null }])
  await administer(database, `INSERT INTO user_wallet_state_change VALUES ('ann', 1, 'frozen', 'why', NULL, 'now')`)
  await t.rejects(administer(database, 'DELETE FROM user_wallet_state_change'), { code: '23001' })
})

t.test('a worker in place of the coordinator: one clear line, exit 1, nothing changed', async (t) => {
  const database = await createBareDatabase(t)
  const [worker] = testServer().workers ?? []
  if (worker === undefined) throw new Error('there is no worker')
  const address = { ...worker, database: database.database }
  const env = { DATABASE_URL: toURL(address) }
  const line = 'this database is a worker of a Citus: point DATABASE_URL at its coordinator\n'
  t.match(await runWallet(t, ['migrate'], { env }), { code: 1, stderr: line, stdout: '' })
  t.match(await runServiceToEnd(t, { env }), { code: 1, stderr: line })
  t.same(
    await administer(
      address,
      `SELECT FROM pg_class WHERE relname LIKE 'user_wallet%' OR relname LIKE 'wallet_migration%'`,
    ),
    [],
  )
})

t.test('the service says in its log where the tables lie', async (t) => {
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)) } })
  t.match(service.log(), /the tables are distributed by user_id, 4 shards on 2 nodes/)
})
