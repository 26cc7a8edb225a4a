import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import type { ServerAddress } from '../src/ports/server-address.ts'
import { citusRole, describeDistribution, distribute, forgetDistribution } from './distribute.ts'

/** The migrations, beside the sources whether this runs from them or from `dist`. */
const FOLDER = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../db/migrations' : './migrations', import.meta.url),
)
/** Where the migrations that were run are noted. */
export const MIGRATION_TABLE = 'wallet_migration'
const UNDEFINED_TABLE = '42P01'
const CONNECT_TIMEOUT_MS = 5000
/** A migration takes the time it needs; this is asked at every start, and must not hang where the server says nothing. */
const CURRENT_VERSION = {
  text: `SELECT name FROM ${MIGRATION_TABLE} ORDER BY id DESC LIMIT 1`,
  query_timeout: CONNECT_TIMEOUT_MS,
}

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
 * once: the others wait, then find nothing to do. Where nothing is to be done, no right to change the schema is needed.
 * Where the database is the coordinator of a Citus, the tables are distributed over its workers.
 *
 * @returns the names of the migrations that were run.
 */
export async function migrate(address: ServerAddress, direction: 'up' | 'down'): Promise<readonly string[]> {
  const client = await connect(address)
  try {
    const role = await citusRole(client)
    if (role === 'worker')
      throw new SchemaError('this database is a worker of a Citus: point DATABASE_URL at its coordinator')
    const done = await runMigrations(client, direction)
    if (role === 'coordinator') await (direction === 'up' ? distribute(client) : forgetDistribution(client))
    return done
  } finally {
    await client.end()
  }
}

async function runMigrations(client: pg.Client, direction: 'up' | 'down'): Promise<readonly string[]> {
  const names = await migrationNames()
  const current = await currentVersion(client)
  if (current !== undefined && !names.includes(current)) {
    throw new SchemaError(
      `the database's schema (${current}) is newer than this service (${names.at(-1)}): upgrade the service`,
    )
  }
  if (direction === 'up' && current === names.at(-1)) return []
  if (current === undefined) await createMigrationTable(client)
  const done = await runner({
    dbClient: client,
    dir: FOLDER,
    migrationsTable: MIGRATION_TABLE,
    direction,
    ...(direction === 'down' && { count: 1 }),
    checkOrder: true,
    advisoryLockMode: 'wait',
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  })
  return done.map((migration) => migration.name)
}

/** Where the tables lie, in one line for the operator; `undefined` where they are in this one database. */
export async function whereTablesLie(address: ServerAddress): Promise<string | undefined> {
  const client = await connect(address)
  try {
    return await describeDistribution(client)
  } finally {
    await client.end()
  }
}

/** A connection for the work around the schema, which asks for nothing that `pg` does not do well. */
export async function connect(address: ServerAddress): Promise<pg.Client> {
  const { host, port, user, password, database, sslmode } = address
  const client = new pg.Client({
    ...{ host, port, user, password, database },
    ssl: sslmode === 'disable' ? false : { rejectUnauthorized: sslmode === 'verify-full' },
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'wallet-service',
    keepAlive: true,
  })
  // A connection that breaks between two statements is told by the next one.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    // Of a host name with several addresses: the error of the first says more than "several errors".
    throw error instanceof AggregateError ? error.errors[0] : error
  }
  return client
}

/**
 * As the runner would make it, which wraps what the server says about it in a text without its code: that the role
 * may not create tables, say. As one text both statements are one transaction, and keep the lock to its end.
 */
async function createMigrationTable(client: pg.Client): Promise<void> {
  await client.query(`
    SELECT pg_advisory_xact_lock(hashtextextended('${MIGRATION_TABLE}', 0));
    CREATE TABLE IF NOT EXISTS ${MIGRATION_TABLE} (
      id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL
    )`)
}

/** The last migration that was run; `undefined` where there is no schema at all. */
export async function currentVersion(client: pg.Client): Promise<string | undefined> {
  try {
    const { rows } = await client.query<{ name: string }>(CURRENT_VERSION)
    return rows[0]?.name
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === UNDEFINED_TABLE) return undefined
    throw error
  }
}
