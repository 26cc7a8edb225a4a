import type pg from 'pg'
import { ask } from './ask.ts'

/*
 * If the database has the extension Citus, the tables of the ledger are distributed by user_id over its workers; why
 * and what that changes is told in docs/decisions/citus.md. A plain database stays as it is.
 */

/** What a database is to Citus. */
export type CitusRole = 'none' | 'coordinator' | 'worker'

/** With this the coordinator, the only one that knows of all shards, is told from its workers. */
const COORDINATOR_GROUP = 0

export async function citusRole(client: pg.Client): Promise<CitusRole> {
  const [known] = await ask<{ known: boolean }>(
    client,
    `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS known`,
  )
  if (known?.known !== true) return 'none'
  const [local] = await ask<{ groupid: number }>(client, 'SELECT groupid FROM pg_dist_local_group')
  return local?.groupid === COORDINATOR_GROUP ? 'coordinator' : 'worker'
}

/** What a function that knows of it returns; one of an earlier version does not. */
const STATE = 'state'

/** Those that lie on the workers, a wallet's rows in all of them beside each other: the first gives the others their places. */
export const DISTRIBUTED = [
  'user_wallet',
  'user_wallet_transaction',
  'user_wallet_refusal',
  'user_wallet_note',
  'user_wallet_state_change',
] as const
const [FIRST] = DISTRIBUTED

/** Of a wallet, as each is created with. */
const OLD_COLUMNS = ['user_id', 'balance', 'version', 'created_at', 'updated_at'] as const
/** With what a later migration added (0004). */
const COLUMNS = [...OLD_COLUMNS, STATE] as const
type Columns = typeof OLD_COLUMNS | typeof COLUMNS

const TYPES: Readonly<Record<(typeof COLUMNS)[number], string>> = {
  ...{ user_id: 'text', balance: 'bigint', version: 'bigint', created_at: 'timestamptz', updated_at: 'timestamptz' },
  state: 'text',
}

/** Named one by one: a function that returned rows of the table would keep it from being dropped. */
function returnsWallets(columns: Columns): string {
  return `TABLE (${columns.map((column) => `${column} ${TYPES[column]}`).join(', ')})`
}

/**
 * What Citus does for one shard at a time only, or with a connection for each if there are several, is done shard after
 * shard in their order, and in userID order in each: one order for all who lock, so that no two wait for each other.
 * Citus sees which shard it is from values that stand in the statement.
 *
 * @param statement with %s for the user IDs, which `list` makes of the array `together`.
 */
function shardByShard(name: string, columns: Columns, list: string, statement: string): string {
  return `
    CREATE FUNCTION ${name}(user_ids text[]) RETURNS ${returnsWallets(columns)} LANGUAGE plpgsql AS $$
    DECLARE
      together text[];
    BEGIN
      FOR together IN
        SELECT array_agg(placed.id ORDER BY placed.id COLLATE "C")
        FROM (
          SELECT id, get_shard_id_for_distribution_column('${FIRST}', id) AS shard FROM unnest(user_ids) AS id
        ) AS placed
        GROUP BY placed.shard
        ORDER BY placed.shard
      LOOP
        RETURN QUERY EXECUTE format('${statement}', ${list});
      END LOOP;
    END
    $$`
}

const FUNCTIONS = ['lock_wallets', 'open_wallets'] as const

/** Those that they are made by; that they are there says that the tables are distributed (src/adapters/postgres/statements.ts). */
function definitions(columns: Columns): Readonly<Record<(typeof FUNCTIONS)[number], string>> {
  const [given, returned] = [OLD_COLUMNS.join(', '), columns.join(', ')]
  return {
    lock_wallets: shardByShard(
      'lock_wallets',
      columns,
      'quote_literal(together)',
      `SELECT ${returned} FROM ${FIRST} WHERE user_id = ANY (%s::text[]) ORDER BY user_id FOR UPDATE`,
    ),
    open_wallets: shardByShard(
      'open_wallets',
      columns,
      `(SELECT string_agg(format('(%L, 0, 0, now(), now())', id), ', ') FROM unnest(together) AS id)`,
      `INSERT INTO ${FIRST} (${given}) VALUES %s ON CONFLICT (user_id) DO NOTHING RETURNING ${returned}`,
    ),
  }
}

/**
 * In place of those that are there, which return other columns and so can't be replaced. Instances at work name the columns
 * that they want, so those of an earlier version go on with these.
 */
async function makeFunctions(client: pg.Client, columns: Columns): Promise<void> {
  const all = definitions(columns)
  for (const name of FUNCTIONS) {
    await client.query(`DROP FUNCTION IF EXISTS ${name}(text[])`)
    await client.query(all[name])
  }
}

/**
 * Distributes the tables that are not yet, and makes the functions that go with them; all or none. Those that an earlier
 * version distributed stay where they are. Anyone who comes at the same time waits, then finds nothing to do. Once it was
 * done, no right to change the schema is needed.
 */
export async function distribute(client: pg.Client): Promise<void> {
  if (await isComplete(client)) return
  await inTransaction(client, async () => {
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('${FIRST}', 0))`)
    if (await isComplete(client)) return
    const there = await distributedTables(client)
    // First, since Citus makes no function on its workers in a transaction that has distributed a table.
    await makeFunctions(client, COLUMNS)
    // What keeps history from being changed is a trigger, which Citus by itself lets no distributed table have. Ours
    // reads and writes nothing, so it is put on every shard, and refuses there.
    await client.query('SET LOCAL citus.enable_unsafe_triggers = on')
    for (const table of DISTRIBUTED) if (!there.has(table)) await client.query(placing(table))
  })
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN')
  try {
    await work()
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

function placing(table: (typeof DISTRIBUTED)[number]): string {
  const beside = table === FIRST ? '' : `, colocate_with => '${FIRST}'`
  return `SELECT create_distributed_table('${table}', 'user_id'${beside})`
}

/** After a migration was taken back: the functions go with the tables, and return what the table still has. */
export async function forgetDistribution(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ gone: boolean; has_state: boolean }>(
    `SELECT to_regclass('${FIRST}') IS NULL AS gone, EXISTS (
       SELECT FROM pg_attribute
       WHERE attrelid = to_regclass('${FIRST}') AND attname = '${STATE}' AND NOT attisdropped
     ) AS has_state`,
  )
  if (rows[0]?.gone === true) {
    for (const name of FUNCTIONS) await client.query(`DROP FUNCTION IF EXISTS ${name}(text[])`)
  } else if (rows[0]?.has_state === false && (await knowingFunctions(client)) > 0) {
    await inTransaction(client, () => makeFunctions(client, OLD_COLUMNS))
  }
}

/** Whether the ledger's tables lie on the workers of a Citus whose coordinator this is, those of an earlier version at least. */
export async function isDistributed(client: pg.Client): Promise<boolean> {
  return (await citusRole(client)) === 'coordinator' && (await distributedTables(client)).has(FIRST)
}

/** Whether {@link distribute} has nothing to do. */
async function isComplete(client: pg.Client): Promise<boolean> {
  if ((await citusRole(client)) !== 'coordinator') return false
  const tables = await distributedTables(client)
  return tables.size === DISTRIBUTED.length && (await knowingFunctions(client)) === FUNCTIONS.length
}

async function distributedTables(client: pg.Client): Promise<ReadonlySet<string>> {
  const found = await ask<{ name: string }>(
    client,
    `SELECT name FROM unnest($1::text[]) AS name JOIN pg_dist_partition ON logicalrelid = to_regclass(name)
     WHERE partmethod = 'h'`,
    [[...DISTRIBUTED]],
  )
  return new Set(found.map(({ name }) => name))
}

/** How many of the functions return the state of a wallet. */
async function knowingFunctions(client: pg.Client): Promise<number> {
  const found = await ask<{ name: string }>(
    client,
    `SELECT name FROM unnest($1::text[]) AS name JOIN pg_proc ON pg_proc.oid = to_regprocedure(name || '(text[])')
     WHERE '${STATE}' = ANY (proargnames)`,
    [[...FUNCTIONS]],
  )
  return found.length
}

/** One line for the operator; `undefined` if nothing is distributed. */
export async function describeDistribution(client: pg.Client): Promise<string | undefined> {
  if ((await citusRole(client)) !== 'coordinator') return undefined
  const [found] = await ask<{ version: string; shards: number; nodes: number }>(
    client,
    `SELECT (SELECT extversion FROM pg_extension WHERE extname = 'citus') AS version,
            count(*)::int AS shards, count(DISTINCT (nodename, nodeport))::int AS nodes
     FROM citus_shards WHERE table_name = to_regclass('${FIRST}')`,
  )
  if (found === undefined || found.shards === 0) return undefined
  const { version, shards, nodes } = found
  return `Citus ${version}: the tables are distributed by user_id, ${shards} shards on ${nodes === 1 ? '1 node' : `${nodes} nodes`}`
}
