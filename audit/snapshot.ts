import type pg from 'pg'
import type { ServerAddress } from '../db/address.ts'
import { isDistributed } from '../db/distribute.ts'
import { connect } from '../db/migrate.ts'
import { seeWorkersAtRest } from './workers.ts'

export interface Snapshot {
  /** The database's time, as it prints it. */
  readonly takenAt: string
  /** Connections that all see the database as it was then. */
  readonly clients: readonly pg.Client[]
  /** Whether the tables lie in this database, or are distributed over the workers of a Citus. */
  readonly tables: 'here' | 'distributed'
  close(): Promise<void>
}

/** Whatever a role or a database has set. Names that this server does not know (it is older) are passed over. */
const SETTINGS: Readonly<Record<string, string>> = {
  application_name: 'wallet-audit',
  // An audit takes as long as it takes, but does not outlive the one who asked.
  statement_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
  client_connection_check_interval: '1s',
  // Memory is bounded: what does not fit is sorted on disk, and no helpers are started.
  work_mem: '64MB',
  hash_mem_multiplier: '1',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
  // A range is a small part of its table: by its index, even if the table was never analysed.
  enable_seqscan: 'off',
  // A table that is larger than this is read page by page and sorted, not row by row all over it: 35 s for a wallet of
  // 5 million scattered rows instead of 96.
  effective_cache_size: '256MB',
  TimeZone: 'UTC',
  // One connection to each worker, with one snapshot there for all shards.
  'citus.max_adaptive_executor_pool_size': '1',
}

/** Reads what others do not have to wait for: no lock but the one that keeps a table from being dropped. */
export async function openSnapshot(
  address: ServerAddress,
  connections: number,
  restLimitMs?: number,
): Promise<Snapshot> {
  const clients: pg.Client[] = []
  const close = async () => {
    await Promise.all(clients.map((client) => client.end()))
  }
  try {
    for (let n = 0; n < connections; n += 1) {
      const client = await connect(address)
      clients.push(client)
      await client.query(
        `SELECT set_config(s.name, wanted.setting, false)
         FROM unnest($1::text[], $2::text[]) AS wanted (name, setting) JOIN pg_settings s ON s.name = wanted.name`,
        [Object.keys(SETTINGS), Object.values(SETTINGS)],
      )
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    }
    const [first, ...others] = clients
    if (first === undefined) throw new RangeError('a snapshot needs a connection')
    const { rows } = await first.query<{ snapshot: string; now: string }>(
      'SELECT pg_export_snapshot() AS snapshot, clock_timestamp()::text AS now',
    )
    const [exported] = rows
    if (exported === undefined) throw new Error('the server exported no snapshot')
    // The statement takes no parameters.
    for (const client of others)
      await client.query(`SET TRANSACTION SNAPSHOT ${client.escapeLiteral(exported.snapshot)}`)
    const tables = (await isDistributed(first)) ? 'distributed' : 'here'
    if (tables === 'distributed') await seeWorkersAtRest(address, clients, restLimitMs)
    return { takenAt: exported.now, clients, tables, close }
  } catch (error) {
    await close()
    throw error
  }
}
