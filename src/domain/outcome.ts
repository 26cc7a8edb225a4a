import type { Movement, RequestID } from './command.ts'
import type { Instant } from './instant.ts'
import { type Transaction, type TransactionID, TransactionType } from './transaction.ts'
import type { UserID } from './user-id.ts'

/** Why a movement was refused. The refusal is the transaction ID's outcome, for ever. */
export type RefusalCode =
  /** Kept like the others, so that an ID once called expired stays so even when a clock is set back. */
  'TRANSACTION_ID_EXPIRED' | 'PASSIVE_WALLET_NOT_FOUND' | 'INSUFFICIENT_BALANCE' | 'BALANCE_LIMIT_EXCEEDED'

/** Why a command was turned away with nothing kept. */
export type RejectionCode = 'TRANSACTION_ID_REUSED' | 'WALLET_NOT_FOUND'

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

/** What came of a command; `replayed` when an earlier request with the same ID had it already. */
export type Outcome =
  | (StoredOutcome & { readonly replayed: boolean })
  | { readonly kind: 'rejected'; readonly code: RejectionCode }

/** The movement that wrote a transaction, seen from the wallet that acted. */
export function movementOf(transaction: Transaction): Movement | undefined {
  const { type, amount, passiveUserID } = transaction
  switch (type) {
    case TransactionType.Deposit:
      return { kind: 'deposit', amount, passiveUserID: null }
    case TransactionType.Withdrawal:
      return { kind: 'withdraw', amount, passiveUserID: null }
    case TransactionType.TransferOut:
      return passiveUserID === null ? undefined : { kind: 'transfer', amount, passiveUserID }
    case TransactionType.TransferIn:
      return undefined
    default:
      return type satisfies never
  }
}
