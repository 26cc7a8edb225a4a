import type { CheckName } from './checks.ts'

/** A condition, and how a row is described that does not meet it. Everything is SQL over the columns of a {@link Subject}. */
export interface Condition {
  readonly check: CheckName
  /** Broken if this is false or unknown. */
  readonly holds: string
  readonly expected: string
  readonly found: string
}

/**
 * What conditions are checked on: rows with the columns `user_id`, `id` and `transaction_id`, by which each is named,
 * and whatever the conditions use. `$1` ≤ the key < `$2`, which is NULL for no end.
 */
export interface Subject {
  readonly key: 'user_id' | 'transaction_id'
  readonly rows: string
  /** Sums over all rows: column name to aggregate. */
  readonly figures: Readonly<Record<string, string>>
  readonly conditions: readonly Condition[]
}

export const USERS = 'user_id >= $1::text AND ($2::text IS NULL OR user_id < $2::text)'
export const IDS = 'transaction_id >= $1::uuid AND ($2::uuid IS NULL OR transaction_id < $2::uuid)'
