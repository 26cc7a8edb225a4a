import type { FeedAnswer } from '../domain/feed.ts'
import type { Instant } from '../domain/instant.ts'
import type { Balance } from '../domain/money.ts'
import type { Reference } from '../domain/note.ts'
import type { Refusal } from '../domain/outcome.ts'
import type { Transaction, TransactionID } from '../domain/transaction.ts'
import type { UserID } from '../domain/user-id.ts'
import type { Wallet } from '../domain/wallet.ts'
import type { StateChange } from '../domain/wallet-state.ts'
import type { Failed } from './wallet-service.ts'
import type { Delivery } from './webhook.ts'

/*
 * What the people who run the service look at, beside what clients may: reads, and nothing else. They have a connection of
 * their own, so that looking around takes none from the clients.
 */

/** Wallets whose user ID begins with a text, in the order of their IDs. */
export interface WalletSearch {
  /** Empty: all of them. */
  readonly prefix: string
  /** At the most so many. */
  readonly limit: number
}

/** All that a transaction ID has left in the ledger, no matter which user it was issued to. */
export interface TransactionRecord {
  /** None, one, or the two halves of a transfer, the sender's first. */
  readonly transactions: readonly Transaction[]
  readonly refusals: readonly Refusal[]
}

/** How many rows of one kind are shown at most. */
export const MAX_SHOWN = 100

/** Which part of a wallet's life is drawn, and with how many points at most: 2 or more. */
export interface CurveQuery {
  readonly userID: UserID
  readonly points: number
  readonly createdBefore?: Instant
  readonly createdAfter?: Instant
  readonly createdFrom?: Instant
}

/** A page that ends where the feed ends now; `unavailable` if the store has no feed. */
export type FeedEnd = Exclude<FeedAnswer, { readonly kind: 'gone' }>

/** A balance from its transaction on. */
export interface CurvePoint {
  readonly id: bigint
  readonly balance: Balance
  readonly createdAt: Instant
}

/** Balances over time, oldest first: of all `transactions` in the part that was asked for, or evenly spaced ones among them. */
export interface Curve {
  readonly points: readonly CurvePoint[]
  readonly transactions: bigint
}

/** What the store offers for it. Every method may throw a `StoreError`. */
export interface LedgerReads {
  find(search: WalletSearch): Promise<readonly Wallet[]>
  findTransaction(transactionID: TransactionID): Promise<TransactionRecord>
  /** Transactions of any wallet under a reference, by user and newest first; {@link MAX_SHOWN} at most. */
  findReference(reference: Reference): Promise<readonly Transaction[]>
  /** What was done to a wallet, newest first; {@link MAX_SHOWN} at most. */
  stateChanges(userID: UserID): Promise<readonly StateChange[]>
  /** The last transactions of the feed, oldest first; `limit` at most. */
  newest(limit: number): Promise<FeedEnd>
  /** `undefined` if the user has no wallet. */
  curve(query: CurveQuery): Promise<Curve | undefined>
  /** The last report that the auditor kept, as JSON; `undefined` if there is none yet. */
  lastAudit(): Promise<string | undefined>
  /** How far the webhook has come; `undefined` if it has never begun. */
  delivery(): Promise<Delivery | undefined>
}

/** How the webhook fares. */
export interface WebhookState extends Omit<Delivery, 'after' | 'batchSize'> {
  /** Of its receiver: scheme, host and port. */
  readonly origin: string
}

export type InspectionResult<Value> = { readonly kind: 'found'; readonly value: Value } | Failed

/** What the console may ask of the service. */
export interface Inspection {
  find(search: WalletSearch): Promise<InspectionResult<readonly Wallet[]>>
  findTransaction(transactionID: TransactionID): Promise<InspectionResult<TransactionRecord>>
  findReference(reference: Reference): Promise<InspectionResult<readonly Transaction[]>>
  stateChanges(userID: UserID): Promise<InspectionResult<readonly StateChange[]>>
  newest(limit: number): Promise<InspectionResult<FeedEnd>>
  curve(query: CurveQuery): Promise<InspectionResult<Curve | undefined>>
  lastAudit(): Promise<InspectionResult<string | undefined>>
  /** `undefined` if none is set. */
  webhook(): Promise<InspectionResult<WebhookState | undefined>>
}
