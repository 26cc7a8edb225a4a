import type { ServerAddress } from '../../../db/address.ts'
import type { Connection } from '../../../src/adapters/postgres/connection.ts'
import { after, fromMilliseconds, type Instant } from '../../../src/domain/instant.ts'
import { toUserID } from '../../../src/domain/user-id.ts'
import { administer } from './database.ts'

/* What a statement costs at the server, on a history that is long enough to tell. */

const START = fromMilliseconds(Date.UTC(2024, 0, 1))
const SECOND = 1_000_000n

export const LONG = toUserID('long')
/** When the transaction with this id was made. */
export const at = (id: number): Instant => after(START, BigInt(id) * SECOND)

/** A wallet with so many transactions, a second apart. */
export async function fillLongHistory(database: ServerAddress, length: number): Promise<void> {
  await administer(
    database,
    `INSERT INTO user_wallet VALUES ('${LONG}', 1, ${length}, timestamptz '2024-01-01 00:00Z', now());
     INSERT INTO user_wallet_transaction
     SELECT '${LONG}', id, gen_random_uuid(), 1, 1, NULL, 1, timestamptz '2024-01-01 00:00Z' + id * interval '1 second'
     FROM generate_series(1, ${length}) AS id`,
  )
}

export interface PlanNode {
  readonly 'Actual Rows': number
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** Runs the statement that the connection has prepared and that has this text in it, with the plan that it keeps for it. */
export async function explain(connection: Connection, text: string, values: readonly unknown[]): Promise<PlanNode> {
  const [[prepared]] = await connection.roundTrip((sql) => [
    sql.unsafe<{ name: string }[]>(`SELECT name FROM pg_prepared_statements WHERE statement LIKE '%${text}%'`),
  ])
  const [[row]] = await connection.roundTrip((sql) => [
    sql.unsafe<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
      `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE "${prepared?.name}" (${values})`,
    ),
  ])
  if (row === undefined) throw new Error('no plan')
  return row['QUERY PLAN'][0].Plan
}

export function buffersOf(plan: PlanNode): number {
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
}

export function mostRows(node: PlanNode): number {
  const here = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
  return Math.max(here, ...(node.Plans ?? []).map(mostRows))
}
