import type { Instant } from './instant.ts'
import type { Reference } from './note.ts'
import type { Transaction, TransactionType } from './transaction.ts'
import type { UserID } from './user-id.ts'

/** Which transactions of a wallet are asked for; every bound that is there narrows the list. */
export interface HistoryQuery {
  readonly userID: UserID
  /** How many transactions a page holds at most: 1 to {@link MAX_PAGE}. */
  readonly limit: number
  /** Only ids below this one. */
  readonly idBefore?: bigint
  /** Only transactions strictly earlier. */
  readonly createdBefore?: Instant
  /** Only transactions strictly later. */
  readonly createdAfter?: Instant
  /** Only transactions that are not earlier. */
  readonly createdFrom?: Instant
  readonly types?: readonly TransactionType[]
  /** Only transactions under this one. */
  readonly reference?: Reference
}

/** Newest first. `nextIDBefore` is the `idBefore` of the page that follows, `null` on the last. */
export interface Page {
  readonly transactions: readonly Transaction[]
  readonly nextIDBefore: bigint | null
}

export const DEFAULT_PAGE = 100
export const MAX_PAGE = 1000

/**
 * How many transactions one page looks at. Without this bound a page of a rare type would cost as much as the wallet is
 * old; with it such a page may hold fewer than `limit` transactions, or none, and go on.
 */
export const MAX_LOOKED_AT = 20_000

/**
 * Makes a page of the transactions that were found, newest first; one beyond the limit says that more follow.
 *
 * @param unseenBelow the last id that was looked at, if the search ended at its bound.
 */
export function toPage(limit: number, found: readonly Transaction[], unseenBelow: bigint | null): Page {
  const transactions = found.slice(0, limit)
  const last = transactions.at(-1)
  return { transactions, nextIDBefore: found.length > limit && last !== undefined ? last.id : unseenBelow }
}
