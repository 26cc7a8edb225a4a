import type pg from 'pg'
import type { Subject } from './checks.ts'

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
/** Of each table, at the most about 1000 of its pages are looked at to find the bounds. */
const SAMPLE_BYTES = 8 * 1024 * 1024

const LOWEST: Readonly<Record<Subject['key'], string>> = {
  user_id: '',
  transaction_id: '00000000-0000-0000-0000-000000000000',
}

/** Where each key is found beside the transactions. */
const OTHER_TABLE: Readonly<Record<Subject['key'], string>> = {
  user_id: 'user_wallet',
  transaction_id: 'user_wallet_refusal',
}

/** Divides all that there is into ranges with about as much in each; a wallet is never divided. */
export async function divide(client: pg.Client, key: Subject['key'], rangeBytes: number): Promise<readonly Range[]> {
  const other = OTHER_TABLE[key]
  const size = await client.query<{ bytes: string }>(
    `SELECT pg_relation_size('user_wallet_transaction') + pg_relation_size('${other}') AS bytes`,
  )
  const bytes = Number(size.rows[0]?.bytes)
  const { rows } = await client.query<{ bound: string }>(
    `SELECT unnest(percentile_disc(
              (SELECT array_agg(k / $1::float8) FROM generate_series(1, $1::int - 1) AS k)
            ) WITHIN GROUP (ORDER BY ${key}))::text AS bound
     FROM (
       SELECT ${key} FROM user_wallet_transaction TABLESAMPLE SYSTEM ($2)
       UNION ALL
       SELECT ${key} FROM ${other} TABLESAMPLE SYSTEM ($2)
     ) AS sample`,
    [Math.min(MAX_RANGES, Math.max(1, Math.ceil(bytes / rangeBytes))), Math.min(100, (100 * SAMPLE_BYTES) / bytes)],
  )
  return toRanges(
    key,
    rows.map(({ bound }) => bound),
  )
}

/** A bound that comes several times is a wallet with as many parts of all there is. */
function toRanges(key: Subject['key'], bounds: readonly string[]): Range[] {
  const weights = new Map<string, number>([[LOWEST[key], 1]])
  for (const bound of bounds) weights.set(bound, (weights.get(bound) ?? 0) + 1)
  const starts = [...weights.keys()]
  return [...weights].map(([from, weight], index) => ({ key, from, to: starts[index + 1] ?? null, weight }))
}
