import { type Epoch, FIRST_EPOCH } from './epoch.ts'
import type { Reference } from './note.ts'
import type { Transaction, TransactionID } from './transaction.ts'
import type { UserID } from './user-id.ts'

/**
 * Where a reader of the feed is: behind this transaction, and behind all that come before it. The transaction is named in full, so
 * that a ledger without it, another one or one that was set back, can tell.
 */
export interface FeedPosition {
  /** Never falls from one transaction of the feed to the next. Those that have the same one come by user, then by id. */
  readonly number: bigint
  readonly userID: UserID
  readonly id: bigint
  readonly transactionID: TransactionID
  /** In which it was read. A ledger that was restored since may lack what was read before it. */
  readonly epoch: Epoch
}

/** Before the first transaction of any ledger. */
export const FEED_START: FeedPosition = {
  number: 0n,
  userID: '' as UserID,
  id: 0n,
  transactionID: '00000000-0000-0000-0000-000000000000' as TransactionID,
  epoch: FIRST_EPOCH,
}

/** Which transactions of all wallets are asked for. */
export interface FeedQuery {
  /** Where the page before ended; {@link FEED_START} for the first one. */
  readonly after: FeedPosition
  /** How many transactions a page holds at most. */
  readonly limit: number
  readonly userID?: UserID
  /** Only transactions under this one. */
  readonly reference?: Reference
}

/** Oldest first; those of one wallet in the order of their ids. `next` is the `after` of the page that follows. */
export interface FeedPage {
  readonly transactions: readonly Transaction[]
  readonly next: FeedPosition
}

/**
 * `gone`: the transaction that was read last is not in this ledger, or was read before the ledger was restored. `unavailable`: this store cannot put all transactions
 * into one order.
 */
export type FeedAnswer =
  | { readonly kind: 'page'; readonly page: FeedPage }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unavailable' }

/** How long a reader may wait for something new. */
export const MAX_FEED_WAIT_S = 30

/**
 * How many transactions a page looks at that is narrowed to some of them. Without this bound it would cost as much as the
 * ledger is long; with it such a page may hold fewer than `limit`, or none, and go on.
 */
export const MAX_FEED_LOOKED_AT = 5000

/** How many transactions the page looks at: no more than it may hold, unless it leaves some out. */
export function lookedAt({ limit, userID, reference }: FeedQuery): number {
  return userID === undefined && reference === undefined ? limit : MAX_FEED_LOOKED_AT
}

/** A transaction that was looked at. */
export interface FeedEntry {
  readonly number: bigint
  readonly transaction: Transaction
  /** Whether it is among those that are asked for. */
  readonly wanted: boolean
}

/** Makes a page of the transactions behind `after` that were looked at; at least those that are wanted, and the last one. */
export function toFeedPage({ after, limit }: FeedQuery, seen: readonly FeedEntry[], epoch: Epoch): FeedPage {
  const wanted = seen.filter((entry) => entry.wanted).slice(0, limit)
  const last = wanted.length === limit ? wanted.at(-1) : seen.at(-1)
  return {
    transactions: wanted.map(({ transaction }) => transaction),
    next: last === undefined ? after : positionOf(last, epoch),
  }
}

export function positionOf(
  { number, transaction }: Pick<FeedEntry, 'number' | 'transaction'>,
  epoch: Epoch,
): FeedPosition {
  const { userID, id, transactionID } = transaction
  return { number, userID, id, transactionID, epoch }
}

/** Whether the same transaction was read last. */
export function isSamePosition(one: FeedPosition, other: FeedPosition): boolean {
  return one.transactionID === other.transactionID && one.userID === other.userID
}
