import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type MigrationBuilder, PG_MIGRATE_LOCK_ID, runner } from 'node-pg-migrate'
import pg from 'pg'
import { TIMEOUTS_MS } from '../src/timeouts.ts'
import type { ServerAddress } from './address.ts'
import { ask } from './ask.ts'
import { citusRole, describeDistribution, distribute, forgetDistribution } from './distribute.ts'
import { reachFirst, requireTarget, type ServerRole } from './hosts.ts'
import { asPooler, markSession, UnusableServer } from './own-session.ts'
import { requireUsableServer } from './preconditions.ts'

/** The migrations, beside the sources whether this runs from them or from `dist`. */
const FOLDER = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../db/migrations' : './migrations', import.meta.url),
)
/** Where the migrations that were run are noted. */
export const MIGRATION_TABLE = 'wallet_migration'
const UNDEFINED_TABLE = '42P01'
/** Someone else held a lock for too long, or we and they each other's. */
const LOCKED = ['55P03', '40P01']
/** Between two attempts to lock a table, those who use it catch up with what waited behind the last one. */
const PAUSE_MS = 1000
/** Then it is the operator's to find who holds the table: an audit or a backup, perhaps. */
const GIVE_UP_MS = 30_000
const CONNECT_TIMEOUT_MS = 5000
const ROLE = `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only`
/** Between two looks whether another instance still migrates. */
const TURN_POLL_MS = 100
/** In a migration that PostgreSQL runs outside a transaction only. */
const CONCURRENTLY = /\bCONCURRENTLY\b/

/** The database's schema is not one that this version of the service can work with or bring up to date. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

/** The names of all migrations, oldest first. */
export async function migrationNames(): Promise<readonly string[]> {
  const files = await readdir(FOLDER)
  return files
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort()
}

/**
 * Brings the schema up to date, or takes back the last migration. An advisory lock lets many instances do so at
 * once: the others wait, then find nothing to do. If nothing is to be done, no right to change the schema is needed.
 * If the database is a Citus coordinator, the tables are distributed over its workers.
 *
 * Instances that are at work are not stopped by it for longer than a moment: see {@link runMigrations}.
 *
 * @returns the names of the migrations that were run.
 * @throws {UnusableServer | SchemaError} if another attempt would end in the same way.
 */
export async function migrate(address: ServerAddress, direction: 'up' | 'down'): Promise<readonly string[]> {
  const client = await connect(address)
  try {
    return await migrateOn(client, direction)
  } finally {
    await client.end()
  }
}

/**
 * The same on a connection that is there.
 *
 * @param last goes up to this migration and no further.
 */
export async function migrateOn(
  client: pg.Client,
  direction: 'up' | 'down',
  last?: string,
): Promise<readonly string[]> {
  await requireUsableServer(client)
  const role = await citusRole(client)
  if (role === 'worker')
    throw new SchemaError('this database is a worker of a Citus: point DATABASE_URL at its coordinator')
  const done = await changeSchema(client, direction, last)
  if (role === 'coordinator') await (direction === 'up' ? distribute(client) : forgetDistribution(client))
  return done
}

/** Where the tables lie, in one line for the operator; `undefined` if they are in this one database. */
export async function whereTablesLie(address: ServerAddress): Promise<string | undefined> {
  const client = await connect(address)
  try {
    return await describeDistribution(client)
  } finally {
    await client.end()
  }
}

/** The version of the schema. @throws {SchemaError} if it is none of `names`. */
export async function knownVersion(client: pg.Client, names: readonly string[]): Promise<string | undefined> {
  const current = await currentVersion(client)
  if (current === undefined || names.includes(current)) return current
  throw new SchemaError(
    `the database's schema (${current}) is newer than this service (${names.at(-1)}): upgrade the service`,
  )
}

async function changeSchema(
  client: pg.Client,
  direction: 'up' | 'down',
  last: string | undefined,
): Promise<readonly string[]> {
  const names = await migrationNames()
  if ((await knownVersion(client, names)) === (last ?? names.at(-1)) && direction === 'up') return []
  await ownMigrationTable(client)
  await waitForTurn(client)
  // Who held the lock may have been of a newer version.
  await knownVersion(client, names)
  // If it fails, the connection is in a transaction that failed, and whoever has it ends it.
  const done = await runMigrations(client, direction, last)
  await client.query('RESET lock_timeout; RESET statement_timeout')
  return done
}

/**
 * Takes the lock that one instance at a time migrates under. Anyone who waited for it in the server would have a snapshot all
 * the while, and an index that is built concurrently waits for the end of every older one: so we ask, and ask again.
 */
async function waitForTurn(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ ours: boolean }>(`SELECT pg_try_advisory_lock(${PG_MIGRATE_LOCK_ID}) AS ours`)
    if (rows[0]?.ours === true) return
    await delay(TURN_POLL_MS)
  }
}

/**
 * One migration after the other, each in its own transaction. Who wants to change a table waits for all who use it, and
 * anyone who comes to use it waits behind: so we give up soon, before a batch that waits gives up its lock, and try again.
 */
async function runMigrations(
  client: pg.Client,
  direction: 'up' | 'down',
  last: string | undefined,
): Promise<readonly string[]> {
  const done: string[] = []
  const start = performance.now()
  for (;;) {
    await client.query(`SET lock_timeout = ${TIMEOUTS_MS.migrationLock}`)
    try {
      const [migration] = await runner({
        dbClient: client,
        dir: FOLDER,
        migrationsTable: MIGRATION_TABLE,
        migrationLoaderStrategies: [{ extensions: ['.sql'], loader: loadMigrations }],
        direction,
        count: 1,
        checkOrder: true,
        noLock: true,
        logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      })
      if (migration === undefined) return done
      done.push(migration.name)
      if (direction === 'down' || migration.name === last) return done
    } catch (error) {
      if (!(error instanceof pg.DatabaseError && LOCKED.includes(error.code ?? ''))) throw error
      if (performance.now() - start > GIVE_UP_MS)
        throw new Error(`the schema could not be changed, since a table is in use all the time: ${error.message}`, {
          cause: error,
        })
      await client.query('ROLLBACK')
      await delay(PAUSE_MS)
    }
  }
}

async function loadMigrations(paths: readonly string[]) {
  return Promise.all(
    paths.map(async (path) => {
      const [, up = '', down = ''] = (await readFile(path, 'utf8')).split(/^-- (?:Up|Down) Migration$/m)
      return { id: path, filePaths: [path], actions: { up: stepsOf(up), down: stepsOf(down) } }
    }),
  )
}

/**
 * What is done concurrently is done outside a transaction, each statement by itself. It keeps no one waiting, so it may
 * wait itself: for everyone who was at work when it came.
 */
function stepsOf(text: string): (builder: MigrationBuilder) => void {
  if (!CONCURRENTLY.test(text)) return (builder) => builder.sql(text)
  const statements = text.split(/;$/m).filter((statement) => statement.trim() !== '')
  return (builder) => {
    builder.noTransaction()
    for (const statement of ['SET lock_timeout = 0', 'SET statement_timeout = 0', ...statements]) builder.sql(statement)
  }
}

/**
 * A connection for the work around the schema, which asks for nothing that `pg` does not do well.
 *
 * @throws {UnusableServer} if it leads to a pooler: what a session sets or locks would be left to others there.
 */
export function connect(address: ServerAddress): Promise<pg.Client> {
  return reachFirst(address, CONNECT_TIMEOUT_MS, connectTo)
}

async function connectTo(address: ServerAddress, timeoutMs: number): Promise<pg.Client> {
  const { host, port, user, database, sslmode, target } = address
  const mark = markSession()
  const client = new pg.Client({
    ...{ host, port, user, database },
    // Asked only if the server wants one; without this the driver would look for a file .pgpass.
    password: () => passwordOf(address),
    ssl: sslmode === 'disable' ? false : { rejectUnauthorized: sslmode === 'verify-full' },
    connectionTimeoutMillis: timeoutMs,
    application_name: 'wallet-service',
    options: mark.options,
    keepAlive: true,
  })
  // A connection that breaks between two statements is told by the next one.
  client.on('error', () => {})
  try {
    await client.connect()
    await mark.verify(client, timeoutMs)
    if (target !== undefined) {
      const query = { text: ROLE, query_timeout: timeoutMs }
      const { rows } = await client.query<ServerRole>(query)
      requireTarget(target, rows[0])
    }
  } catch (error) {
    await client.end()
    // Of a host name with several addresses: the error of the first says more than "several errors".
    throw asPooler(error instanceof AggregateError ? error.errors[0] : error)
  }
  return client
}

function passwordOf({ password }: ServerAddress): string {
  if (password === '') throw new UnusableServer('the server asks for a password, and DATABASE_URL has none')
  return password
}

/**
 * As the runner would make it and look after it, which wraps what the server says in a text of many lines without its
 * code: that the role may not create tables, say, or does not own this one, which the comment needs. As one text all
 * statements are one transaction, and keep the lock to its end.
 */
async function ownMigrationTable(client: pg.Client): Promise<void> {
  await client.query(`
    SELECT pg_advisory_xact_lock(hashtextextended('${MIGRATION_TABLE}', 0));
    CREATE TABLE IF NOT EXISTS ${MIGRATION_TABLE} (
      id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL
    );
    COMMENT ON TABLE ${MIGRATION_TABLE} IS 'The migrations that were run'`)
}

/** The last migration that was run; `undefined` if there is no schema at all. */
export async function currentVersion(client: pg.Client): Promise<string | undefined> {
  try {
    const [last] = await ask<{ name: string }>(client, `SELECT name FROM ${MIGRATION_TABLE} ORDER BY id DESC LIMIT 1`)
    return last?.name
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE) return undefined
    throw error
  }
}
