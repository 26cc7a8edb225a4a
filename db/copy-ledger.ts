import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { ServerAddress } from './address.ts'
import { ask } from './ask.ts'
import { connect, knownVersion, migrateOn, migrationNames, SchemaError } from './migrate.ts'

/** Everything that the ledger has. */
export interface Copied {
  readonly tables: number
  readonly rows: number
}

interface Table {
  /** Quoted for SQL, as the columns are. */
  readonly name: string
  readonly columns: string
  /** With their types. */
  readonly shape: string
}

/** What a table holds: how many rows, and the sum of a hash of each, whatever their order. */
interface Content {
  readonly rows: string
  readonly sum: string
}

/** The same values are the same text on both sides, whatever their servers are set to. */
const SESSION = `
  SET statement_timeout = 0; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET bytea_output = 'hex'; SET extra_float_digits = 1`
const LINE_END = '\n'.charCodeAt(0)

/**
 * Copies a ledger into a database that has nothing yet, table by table in memory that does not grow with it, and compares
 * both. Its schema may be an older one of ours: it is made as it was, filled, and then brought up to date.
 *
 * @param onProgress told how much of the rows is copied, above 0 to 1.
 * @throws {SchemaError} if the schema is newer than this service, or has more than the service has made.
 */
export async function copyLedger(
  from: ServerAddress,
  to: ServerAddress,
  onProgress: (done: number) => void,
): Promise<Copied> {
  const old = await connect(from)
  try {
    const next = await connect(to)
    try {
      return await copyBetween(old, next, onProgress)
    } finally {
      await next.end()
    }
  } finally {
    await old.end()
  }
}

async function copyBetween(old: pg.Client, next: pg.Client, onProgress: (done: number) => void): Promise<Copied> {
  for (const client of [old, next]) await client.query(SESSION)
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const version = await knownVersion(old, await migrationNames())
  if (version !== undefined) await migrateOn(next, 'up', version)
  const tables = await tablesOf(old)
  requireSame(tables, await tablesOf(next))
  for (const table of tables) await empty(next, table)

  const contents = new Map<Table, Content>()
  for (const table of tables) contents.set(table, await contentOf(old, table))
  const rows = [...contents.values()].reduce((sum, content) => sum + Number(content.rows), 0)
  let copied = 0
  for (const table of tables)
    await copyTable(old, next, table, (more) => {
      copied += more
      onProgress(Math.min(copied / rows, 1))
    })
  for (const [table, content] of contents) requireEqual(table, content, await contentOf(next, table))
  await copySequences(old, next)

  await migrateOn(next, 'up')
  // A statement that is planned for tables of unknown size reads all of them.
  await next.query('VACUUM (ANALYZE)')
  return { tables: tables.length, rows }
}

/** All that hold something, and a view or the like, whose columns no table of ours has. */
async function tablesOf(client: pg.Client): Promise<readonly Table[]> {
  return ask<{ name: string; columns: string; shape: string }>(
    client,
    `SELECT quote_ident(relname) AS name,
            string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns,
            relkind::text || ': ' || string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attname) AS shape
     FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
     WHERE relkind IN ('r', 'p', 'f', 'v', 'm')
       AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
     GROUP BY relname, relnamespace, relkind
     ORDER BY relname`,
  )
}

/** Nothing is left behind in silence. */
function requireSame(old: readonly Table[], next: readonly Table[]): void {
  const shapes = new Map(next.map(({ name, shape }) => [name, shape]))
  const foreign = old.find(({ name, shape }) => shapes.get(name) !== shape)
  if (foreign === undefined) return
  throw new SchemaError(
    `the old database has ${foreign.name}, which is not as the service made it: with the version that wrote the data, move it to a server of your own, or drop it`,
  )
}

/** Of what migrations put there, such as when they were run: the old database knows. What may not be deleted has nothing yet. */
async function empty(next: pg.Client, { name }: Table): Promise<void> {
  const rows = await ask(next, `SELECT FROM ${name} LIMIT 1`)
  if (rows.length > 0) await next.query(`DELETE FROM ${name}`)
}

async function contentOf(client: pg.Client, { name, columns }: Table): Promise<Content> {
  const { rows } = await client.query<{ rows: string; sum: string }>(
    `SELECT count(*)::text AS rows, coalesce(sum(hashtextextended(ROW(${columns})::text, 0)), 0)::text AS sum FROM ${name}`,
  )
  const [content] = rows
  if (content === undefined) throw new Error(`${name} can't be counted`)
  return content
}

async function copyTable(old: pg.Client, next: pg.Client, table: Table, onRows: (more: number) => void): Promise<void> {
  const { name, columns } = table
  const rowsSeen = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // A line is a row: the line ends in its values are written otherwise.
      let rows = 0
      for (let at = chunk.indexOf(LINE_END); at !== -1; at = chunk.indexOf(LINE_END, at + 1)) rows += 1
      if (rows > 0) onRows(rows)
      done(null, chunk)
    },
  })
  await pipeline(
    old.query(copyTo(`COPY ${name} (${columns}) TO STDOUT`)),
    rowsSeen,
    next.query(copyFrom(`COPY ${name} (${columns}) FROM STDIN`)),
  )
}

function requireEqual({ name }: Table, old: Content, next: Content): void {
  if (old.rows === next.rows && old.sum === next.sum) return
  throw new Error(`the copy of ${name} is not the same: it has ${next.rows} rows, the old one ${old.rows}`)
}

async function copySequences(old: pg.Client, next: pg.Client): Promise<void> {
  const sequences = await ask<{ name: string }>(
    old,
    `SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace`,
  )
  for (const { name } of sequences) {
    const [state] = await ask<{ last_value: string; is_called: boolean }>(
      old,
      `SELECT last_value::text, is_called FROM ${name}`,
    )
    await ask(next, 'SELECT setval($1, $2, $3)', [name, state?.last_value, state?.is_called])
  }
}
