import t from 'tap'
import { toURL } from '../../db/address.ts'
import {
  administer,
  createBareDatabase,
  createRole,
  createTestDatabase,
  testServer,
} from '../support/database/database.ts'
import { buildNextVersion, NEXT_MIGRATION } from '../support/database/next-version.ts'
import { createRelay } from '../support/database/relay.ts'
import { startReplicated } from '../support/database/replicated.ts'
import { eventually } from '../support/eventually.ts'
import { refused } from '../support/process/refused.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

const ATTEMPTS = 4

t.test('a standby is refused, whether its schema is current or not; a ledger can be audited there', async (t) => {
  const replicated = await startReplicated(t)
  const { caughtUp } = replicated.standby
  const [primary, standby] = [replicated.primary.address, replicated.standby.address]
  const says = /^the server is a standby, where nothing can be written: point DATABASE_URL at the primary\n$/
  await administer(primary, `INSERT INTO user_wallet VALUES ('ann', 0, 0, now(), now())`)
  await caughtUp()
  t.equal((await administer(standby, 'SELECT FROM user_wallet')).length, 1, 'it streams')
  await refused(t, standby, { start: says, migrate: says, audit: 'is done' })
  await administer(primary, 'DELETE FROM wallet_migration')
  await caughtUp()
  await refused(t, standby, { start: says, migrate: says, audit: /it has no schema\n$/ })
})

t.test('a database that takes no writes is refused', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `ALTER DATABASE ${database.database} SET default_transaction_read_only = on`)
  const says = /read-only transaction; the server is read-only, a standby perhaps: point DATABASE_URL at the primary\n$/
  await refused(t, database, { start: says, migrate: 'is done', audit: 'is done' })
  const empty = await createBareDatabase(t)
  await administer(empty, `ALTER DATABASE ${empty.database} SET default_transaction_read_only = on`)
  await refused(t, empty, { start: says, migrate: says, audit: /it has no schema\n$/ })
})

const LATIN1 = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"

t.test('a database whose encoding cannot hold every user ID is refused', async (t) => {
  const { database } = await createBareDatabase(t)
  const latin = { ...testServer().address, database: `${database}_latin1` }
  await administer(testServer().address, `CREATE DATABASE ${latin.database} ${LATIN1}`)
  t.teardown(() => administer(testServer().address, `DROP DATABASE ${latin.database} WITH (FORCE)`))
  const says = /^the database has the encoding LATIN1, which cannot hold every user ID: create one with ENCODING 'UTF8'/
  await refused(t, latin, { start: says, migrate: says, audit: /it has no schema\n$/ })
})

t.test('a database whose search_path names no schema that exists is refused', async (t) => {
  const database = await createBareDatabase(t)
  await administer(database, `ALTER DATABASE ${database.database} SET search_path = gone, away`)
  const says =
    /^no schema of the search_path \(gone, away\) exists: create it, or change search_path for the role or the/
  await refused(t, database, { start: says, migrate: says, audit: /it has no schema\n$/ })
})

t.test('a database that turns off what keeps history from being changed is refused', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `ALTER DATABASE ${database.database} SET session_replication_role = replica`)
  const says = /^session_replication_role is replica for the role or the database, which turns off what keeps history/
  await refused(t, database, { start: says, migrate: says, audit: 'is done' })
})

t.test('a database in which the role has no rights is refused, with what to do about it', async (t) => {
  const role = await createRole(t, 'LOGIN')
  const database = await createTestDatabase(t)
  await refused(
    t,
    { ...database, ...role },
    {
      start: /^permission denied for table wallet_migration; the role may not do this: run "npm run migrate" as the/,
      migrate: /^permission denied for table wallet_migration; run it as the owner of the schema \(docs\/least-pr/,
      audit: /permission denied for table wallet_migration; the role needs SELECT on every table of the ledger/,
    },
    { look: database },
  )
})

t.test('a database without a schema, in which the role may not make one, is refused', async (t) => {
  const role = await createRole(t, 'LOGIN')
  const database = await createBareDatabase(t)
  await administer(database, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC')
  await refused(
    t,
    { ...database, ...role },
    {
      start: /^permission denied for schema public; the role may not do this: run "npm run migrate" as the owner of/,
      migrate: /^permission denied for schema public; run it as the owner of the schema \(docs\/least-privilege\.md\)/,
      audit: /it has no schema\n$/,
    },
    { look: database },
  )
})

t.test('an older schema that the role may not bring up to date is refused, with what to do about it', async (t) => {
  const role = await createRole(t, 'LOGIN')
  const database = await createTestDatabase(t)
  const build = await buildNextVersion(t)
  const audit = new RegExp(`this auditor knows ${NEXT_MIGRATION}\\n$`)
  const start =
    /; the role may not do this: run "npm run migrate" as the owner of the schema first, then db\/grants\.sql/
  const migrate =
    /^(permission denied for schema public|must be owner of table wallet_migration); run it as the owner of/
  await administer(database, `GRANT SELECT ON wallet_migration TO ${role.user}`)
  await administer(database, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC')
  await refused(t, { ...database, ...role }, { start, migrate, audit }, { look: database, build })
  await administer(database, `GRANT CREATE ON SCHEMA public TO ${role.user}`)
  await refused(t, { ...database, ...role }, { start, migrate, audit }, { look: database, build })
})

t.test('an older schema is brought up to date by a start, where the role may', async (t) => {
  const database = await createTestDatabase(t)
  const build = await buildNextVersion(t)
  const service = await startServiceProcess(t, { build, env: { DATABASE_URL: toURL(database) } })
  t.equal((await createClient(service.url).call('GET', '/readyz')).status, 200)
  const newest = await administer(database, 'SELECT name FROM wallet_migration ORDER BY id DESC LIMIT 1')
  t.strictSame(newest, [{ name: NEXT_MIGRATION }])
})

t.test('a newer schema is refused', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `INSERT INTO wallet_migration (name, run_on) VALUES ('9999_from_the_future', now())`)
  const says =
    /^the database's schema \(9999_from_the_future\) is newer than this service \(\w+\): upgrade the service\n/
  const audit = /the database's schema is 9999_from_the_future, and this auditor knows \w+\n$/
  await refused(t, database, { start: says, migrate: says, audit })
})

t.test('a service that waits for its database and finds a newer schema says so once, and is not ready', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `INSERT INTO wallet_migration (name, run_on) VALUES ('9999_from_the_future', now())`)
  const relay = await createRelay(t, database)
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(relay.address) } })
  await relay.open()
  await eventually('some attempts', 20_000, () => (relay.connections() >= ATTEMPTS ? true : undefined))
  t.equal(service.log().split('upgrade the service').length - 1, 1, 'once')
  t.equal((await createClient(service.url).call('GET', '/readyz')).status, 503)
  t.equal((await service.end('SIGTERM')).code, 0)
})

t.test('what libpq reads from the environment does not steer a start on a configured database', async (t) => {
  const DATABASE_URL = toURL(await createTestDatabase(t))
  const harmful = {
    PGSSLMODE: 'require',
    PGOPTIONS: '-c default_transaction_read_only=on',
    PGTARGETSESSIONATTRS: 'standby',
  }
  const service = await startServiceProcess(t, { env: { DATABASE_URL, ...harmful } })
  t.equal((await createClient(service.url).open('ann')).status, 201)
  t.equal((await service.end('SIGTERM')).code, 0)
})
