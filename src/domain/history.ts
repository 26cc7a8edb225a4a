import type { Instant } from './instant.ts'
import type { Transaction, TransactionType } from './transaction.ts'
import type { UserID } from './user-id.ts'

/** Which transactions of a wallet are asked for; every bound that is there narrows the list. */
export interface HistoryQuery {
  readonly userID: UserID
  /** How many transactions a page holds at the most: 1 to {@link MAX_PAGE}. */
  readonly limit: number
  /** Only ids below this one. */
  readonly idBefore?: bigint
  /** Only transactions strictly earlier. */
  readonly createdBefore?: Instant
  /** Only transactions strictly later. */
  readonly createdAfter?: Instant
  readonly types?: readonly TransactionType[]
}

/** Newest first. `nextIDBefore` is the `idBefore` of the page that follows, `null` on the last. */
export interface Page {
  readonly transactions: readonly Transaction[]
  readonly nextIDBefore: bigint | null
}

/** The ids that a page looks at: `from` ≤ id < `before`. */
export interface IDRange {
  readonly from: bigint
  readonly before: bigint
}

export const DEFAULT_PAGE = 100
export const MAX_PAGE = 1000

/**
 * How many ids one page looks at when it is filtered by type. Without this bound a page of a rare type would cost
 * as much as the wallet is old; with it such a page may hold fewer than `limit` transactions, or none, and go on.
 */
export const MAX_SCANNED_IDS = 20_000n

/** The part of `whole` that one page looks at. */
export function scannedRange(query: HistoryQuery, whole: IDRange): IDRange {
  const lowest = query.types === undefined ? whole.from : whole.before - MAX_SCANNED_IDS
  return { from: lowest > whole.from ? lowest : whole.from, before: whole.before }
}

/** Makes a page of what was found, newest first, in `scanned`; one transaction beyond the limit says that more follow. */
export function toPage(query: HistoryQuery, whole: IDRange, scanned: IDRange, found: readonly Transaction[]): Page {
  const transactions = found.slice(0, query.limit)
  const last = transactions.at(-1)
  if (found.length > query.limit && last !== undefined) return { transactions, nextIDBefore: last.id }
  return { transactions, nextIDBefore: scanned.from > whole.from ? scanned.from : null }
}
