import type { Instant } from './instant.ts'
import type { Amount } from './money.ts'
import type { TransactionID } from './transaction.ts'
import type { UserID } from './user-id.ts'

declare const requestID: unique symbol

/** Names one request in logs and problems. */
export type RequestID = string & { readonly [requestID]: true }

/** What a transaction ID is bound to by its first use: the same ID with anything else here is a reuse. */
export type Movement =
  | { readonly kind: 'deposit' | 'withdraw'; readonly amount: Amount; readonly passiveUserID: null }
  | { readonly kind: 'transfer'; readonly amount: Amount; readonly passiveUserID: UserID }

/** A write to decide: who wants what, under which ID. */
export interface Command {
  /** The wallet that acts: its owner asked, and the transaction ID was issued to them. */
  readonly userID: UserID
  readonly transactionID: TransactionID
  /** From when on the ID, still unused, is refused. */
  readonly expiresAt: Instant
  /** Kept with a refusal, so that its replay is the same byte for byte. */
  readonly requestID: RequestID
  readonly movement: Movement
}

export function sameMovement(a: Movement, b: Movement): boolean {
  return a.kind === b.kind && a.amount === b.amount && a.passiveUserID === b.passiveUserID
}

/** The wallets that a command may change, the acting one first. */
export function walletsOf(command: Command): readonly UserID[] {
  const { userID, movement } = command
  return movement.kind === 'transfer' ? [userID, movement.passiveUserID] : [userID]
}
