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

/** Those that lie on the workers, a wallet's rows in all of them beside each other: the first gives the others their places. */
export const DISTRIBUTED = ['user_wallet', 'user_wallet_transaction', 'user_wallet_refusal'] as const
const [FIRST, ...OTHERS] = DISTRIBUTED

const WALLET_COLUMNS = 'user_id, balance, version, created_at, updated_at'
/** Named one by one: a function that returned rows of the table would keep it from being dropped. */
const RETURNS_WALLETS = `TABLE (
    user_id text, balance bigint, version bigint, created_at timestamptz, updated_at timestamptz
  )`

/**
 * What Citus does for one shard at a time only, or with a connection for each if there are several, is done shard after
 * shard in their order, and in userID order in each: one order for all who lock, so that no two wait for each other.
 * Citus sees which shard it is from values that stand in the statement.
 *
 * @param statement with %s for the user IDs, which `list` makes of the array `together`.
 */
function shardByShard(name: string, list: string, statement: string): string {
  return `
    CREATE OR REPLACE FUNCTION ${name}(user_ids text[]) RETURNS ${RETURNS_WALLETS} LANGUAGE plpgsql AS $$
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

/** Each by its name; that they are there says that the tables are distributed (src/adapters/postgres/statements.ts). */
const FUNCTIONS: Readonly<Record<string, string>> = {
  lock_wallets: shardByShard(
    'lock_wallets',
    'quote_literal(together)',
    `SELECT ${WALLET_COLUMNS} FROM user_wallet WHERE user_id = ANY (%s::text[]) ORDER BY user_id FOR UPDATE`,
  ),
  open_wallets: shardByShard(
    'open_wallets',
    `(SELECT string_agg(format('(%L, 0, 0, now(), now())', id), ', ') FROM unnest(together) AS id)`,
    `INSERT INTO user_wallet AS w (${WALLET_COLUMNS}) VALUES %s ON CONFLICT (user_id) DO NOTHING RETURNING w.*`,
  ),
}

/**
 * Distributes the tables that are not yet, all or none; anyone who comes at the same time waits, then finds nothing to do.
 * Once it was done, no right to change the schema is needed.
 */
export async function distribute(client: pg.Client): Promise<void> {
  if (await isDistributed(client)) return
  await client.query('BEGIN')
  try {
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('${FIRST}', 0))`)
    if (!(await isDistributed(client))) {
      // First, since Citus makes no function on its workers in a transaction that has distributed a table.
      for (const definition of Object.values(FUNCTIONS)) await client.query(definition)
      // What keeps history from being changed is a trigger, which Citus by itself lets no distributed table have. Ours
      // reads and writes nothing, so it is put on every shard, and refuses there.
      await client.query('SET LOCAL citus.enable_unsafe_triggers = on')
      await client.query(`SELECT create_distributed_table('${FIRST}', 'user_id')`)
      for (const table of OTHERS)
        await client.query(`SELECT create_distributed_table('${table}', 'user_id', colocate_with => '${FIRST}')`)
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/** The functions go with the tables. */
export async function forgetDistribution(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ gone: boolean }>(`SELECT to_regclass('${FIRST}') IS NULL AS gone`)
  if (rows[0]?.gone !== true) return
  for (const name of Object.keys(FUNCTIONS)) await client.query(`DROP FUNCTION IF EXISTS ${name}(text[])`)
}

/** Whether the ledger's tables lie on the workers of a Citus whose coordinator this is. */
export async function isDistributed(client: pg.Client): Promise<boolean> {
  if ((await citusRole(client)) !== 'coordinator') return false
  const [found] = await ask<{ tables: number }>(
    client,
    `SELECT count(*)::int AS tables
     FROM unnest($1::text[]) AS name JOIN pg_dist_partition ON logicalrelid = to_regclass(name)
     WHERE partmethod = 'h'`,
    [[...DISTRIBUTED]],
  )
  return found?.tables === DISTRIBUTED.length
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
