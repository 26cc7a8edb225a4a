import type pg from 'pg'
import type { Subject } from './subject.ts'

/** `from` ≤ key < `to`; `null` is the end. */
export interface Range {
  readonly key: Subject['key']
  readonly from: string
  readonly to: string | null
  /** How much lies in it, in proportion to the others with this key. */
  readonly weight: number
}

/** About 300 000 transactions: a second's work or two, which a sort can do in its memory. */
export const RANGE_BYTES = 32 * 1024 * 1024
const MAX_RANGES = 1000
/** Of each table, at most about 1000 of its pages are looked at to find the bounds. */
const SAMPLE_BYTES = 8 * 1024 * 1024

const LOWEST: Readonly<Record<Subject['key'], string>> = {
  user_id: '',
  transaction_id: '00000000-0000-0000-0000-000000000000',
}

/** Where each key is found beside the transactions. Notes and changes of state have no keys of their own. */
const OTHER_TABLE: Readonly<Record<Subject['key'], string>> = {
  user_id: 'user_wallet',
  transaction_id: 'user_wallet_refusal',
}

/** Of a distributed table PostgreSQL itself knows the part that lies in this database: nothing. */
const SIZE = { here: 'pg_relation_size', distributed: 'citus_relation_size' } as const

/** Divides all that there is into ranges with about as much in each; a wallet is never divided. */
export async function divide(
  client: pg.Client,
  key: Subject['key'],
  rangeBytes: number,
  tables: keyof typeof SIZE = 'here',
): Promise<readonly Range[]> {
  const other = OTHER_TABLE[key]
  const sizeOf = SIZE[tables]
  const size = await client.query<{ bytes: string }>(
    `SELECT ${sizeOf}('user_wallet_transaction') + ${sizeOf}('${other}') AS bytes`,
  )
  const bytes = Number(size.rows[0]?.bytes)
  const parts = Math.min(MAX_RANGES, Math.max(1, Math.ceil(bytes / rangeBytes)))
  const { rows } = await client.query<{ bounds: readonly string[] | null }>(
    `SELECT (percentile_disc($1::float8[]) WITHIN GROUP (ORDER BY ${key}))::text[] AS bounds
     FROM (
       SELECT ${key} FROM user_wallet_transaction TABLESAMPLE SYSTEM ($2)
       UNION ALL
       SELECT ${key} FROM ${other} TABLESAMPLE SYSTEM ($2)
     ) AS sample`,
    [Array.from({ length: parts - 1 }, (_, index) => (index + 1) / parts), Math.min(100, (100 * SAMPLE_BYTES) / bytes)],
  )
  return toRanges(key, rows[0]?.bounds ?? [])
}

/** A bound that comes several times is a wallet with as many parts of all there is. */
function toRanges(key: Subject['key'], bounds: readonly string[]): Range[] {
  const weights = new Map<string, number>([[LOWEST[key], 1]])
  for (const bound of bounds) weights.set(bound, (weights.get(bound) ?? 0) + 1)
  const starts = [...weights.keys()]
  return [...weights].map(([from, weight], index) => ({ key, from, to: starts[index + 1] ?? null, weight }))
}
