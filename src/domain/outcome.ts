import type { RequestID } from './command.ts'
import type { Instant } from './instant.ts'
import type { Movement } from './movement.ts'
import type { Transaction, TransactionID } from './transaction.ts'
import type { UserID } from './user-id.ts'

/*
 * A command is executed, or it is one of two kinds of no. *Refused*: it was decided, and the refusal is the transaction ID's
 * outcome for ever. *Rejected*: it cannot be decided as it stands, and nothing is kept. The third kind, *failed*, is none of
 * the domain's: the service could not ask, and the same request may be sent again (`Failed`, in the port of the service).
 */

/** Why a movement was refused. */
export const REFUSAL_CODES = [
  /** The ledger was restored since the ID was issued: what was executed with it may be lost. */
  'TRANSACTION_ID_RETIRED',
  /** Kept like the others, so that an ID once called expired stays so even if a clock is set back. */
  'TRANSACTION_ID_EXPIRED',
  'WALLET_CLOSED',
  'WALLET_FROZEN',
  'PASSIVE_WALLET_CLOSED',
  /** The wallet had another version than the request was made for. */
  'VERSION_MISMATCH',
  'PASSIVE_WALLET_NOT_FOUND',
  'INSUFFICIENT_BALANCE',
  'BALANCE_LIMIT_EXCEEDED',
] as const
export type RefusalCode = (typeof REFUSAL_CODES)[number]

/** Why a command was turned away with nothing kept. */
export type RejectionCode = 'TRANSACTION_ID_REUSED' | 'WALLET_NOT_FOUND' | 'NOT_EXECUTED'

/** A refused movement, as kept. */
export interface Refusal {
  readonly transactionID: TransactionID
  readonly userID: UserID
  readonly movement: Movement
  readonly code: RefusalCode
  /** The request that was refused first; replays name it too. */
  readonly requestID: RequestID
  readonly createdAt: Instant
}

/** All that can be known of a transaction ID that was used. */
export type StoredOutcome =
  | { readonly kind: 'executed'; readonly transaction: Transaction }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** The outcome of a command; `replayed` when an earlier request with the same ID had it already. */
export type Outcome =
  | (StoredOutcome & { readonly replayed: boolean })
  | { readonly kind: 'rejected'; readonly code: RejectionCode }
