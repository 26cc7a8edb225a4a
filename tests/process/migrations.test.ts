import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate'
import t, { type Test } from 'tap'
import { describeAddress, toURL } from '../../db/address.ts'
import { connect, migrate, migrationNames, SchemaError } from '../../db/migrate.ts'
import { dumpSchema } from '../run/dump-schema.ts'
import { administer, createBareDatabase, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { type ProcessOptions, runServiceToEnd, runWallet } from '../support/process/service-process.ts'

const runMigrate = (t: Test, parameters: readonly string[], options: ProcessOptions) =>
  runWallet(t, ['migrate', ...parameters], options)

t.test('up, down and up again end in the same schema as up alone', async (t) => {
  const database = await createBareDatabase(t)
  const empty = await dumpSchema(database)
  const names = await migrationNames()

  t.same(await migrate(database, 'up'), names)
  const full = await dumpSchema(database)
  t.not(full, empty)
  t.same(await migrate(database, 'up'), [], 'a second time there is nothing to do')

  for (const name of names.toReversed()) t.same(await migrate(database, 'down'), [name])
  t.equal(await dumpSchema(database), empty, 'all the way down leaves nothing behind')
  t.same(await migrate(database, 'down'), [], 'below the first there is nothing')

  t.same(await migrate(database, 'up'), names)
  t.equal(await dumpSchema(database), full)
})

t.test(
  'many instances that migrate one empty database at once all succeed, and one of them does the work',
  async (t) => {
    const database = await createBareDatabase(t)
    const done = await Promise.all(Array.from({ length: 12 }, () => migrate(database, 'up')))
    t.same(done.flat(), await migrationNames())
  },
)

t.test('where nothing is to be migrated, no right to change anything is needed', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `ALTER DATABASE ${database.database} SET default_transaction_read_only = on`)
  t.same(await migrate(database, 'up'), [])
})

t.test('a schema that is newer than the service is refused with one line', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `INSERT INTO wallet_migration (name, run_on) VALUES ('9999_from_the_future', now())`)
  const newest = (await migrationNames()).at(-1)
  const message = `the database's schema (9999_from_the_future) is newer than this service (${newest}): upgrade the service`

  await t.rejects(migrate(database, 'up'), new SchemaError(message))
  await t.rejects(migrate(database, 'down'), new SchemaError(message))

  const env = { DATABASE_URL: toURL(database) }
  const refused = { code: 1, signal: null, stdout: '', stderr: `${message}\n` }
  t.same(await runServiceToEnd(t, { env }), refused)
  t.same(await runMigrate(t, [], { env }), refused)
})

t.test('an instance that waited while a newer one migrated finds out', async (t) => {
  const database = await createBareDatabase(t)
  const newer = await connect(database)
  t.teardown(() => newer.end())
  await newer.query(`SELECT pg_advisory_lock(${PG_MIGRATE_LOCK_ID})`)
  const migrating = t.rejects(migrate(database, 'up'), {
    name: 'SchemaError',
    message: /9999_from_the_future.* is newer/,
  })
  await eventually('it waits', 10_000, async () => {
    const { rowCount } = await newer.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_try_advisory_lock%'`,
    )
    return rowCount === 1 ? true : undefined
  })
  await newer.query(`INSERT INTO wallet_migration (name, run_on) VALUES ('9999_from_the_future', now())`)
  await newer.query(`SELECT pg_advisory_unlock(${PG_MIGRATE_LOCK_ID})`)
  await migrating
})

t.test('the command brings a database up and takes it down, and says what it did', async (t) => {
  const database = await createBareDatabase(t)
  const env = { DATABASE_URL: toURL(database) }
  const names = await migrationNames()
  const run = async (...parameters: string[]) => {
    const { code, stdout, stderr } = await runMigrate(t, parameters, { env })
    t.same([code, stderr], [0, ''])
    return stdout.slice(describeAddress(database).length)
  }

  t.equal(await run(), `: up: ${names.join(', ')}\n`)
  t.equal(await run('up'), ': nothing to do\n')
  t.equal(await run('down'), `: down: ${names.at(-1)}\n`)
  t.equal(await run('up'), `: up: ${names.at(-1)}\n`)
})

t.test('the command explains itself when it is called wrongly, and touches nothing', async (t) => {
  const database = await createBareDatabase(t)
  const env = { DATABASE_URL: toURL(database) }
  const before = await dumpSchema(database)
  for (const [parameters, wrong] of [
    [['sideways'], /^wallet: DIRECTION is "sideways"; expected up, down\n$/],
    [['up', 'down'], /^wallet: too many arguments .+ see node dist\/cli\/wallet.js migrate --help\n$/],
    [['--all'], /^wallet: unknown option '--all'; see /],
  ] as const) {
    const { code, stdout, stderr } = await runMigrate(t, parameters, { env })
    t.same([code, stdout], [2, ''])
    t.match(stderr, wrong)
  }
  const { code, stdout } = await runMigrate(t, ['--help'], { env })
  t.equal(code, 0)
  t.match(stdout, 'or down: takes back the last migration')
  t.equal(await dumpSchema(database), before)
})

t.test('the command says in one line why it could not reach the database', async (t) => {
  const database = await createBareDatabase(t)
  const env = { DATABASE_URL: toURL({ ...database, database: 'no_such_database' }) }
  const { code, stderr } = await runMigrate(t, [], { env })
  t.equal(code, 1)
  t.equal(
    stderr,
    'database "no_such_database" does not exist; create the database, or check its name in DATABASE_URL\n',
  )
})
