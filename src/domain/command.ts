import type { Instant } from './instant.ts'
import type { Movement } from './movement.ts'
import type { TransactionID } from './transaction.ts'
import type { UserID } from './user-id.ts'

declare const requestID: unique symbol

/** Names one request in logs and problems. */
export type RequestID = string & { readonly [requestID]: true }

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

/** The wallets that a command may change, the acting one first. */
export function walletsOf(command: Command): readonly UserID[] {
  const { userID, movement } = command
  return movement.kind === 'transfer' ? [userID, movement.passiveUserID] : [userID]
}
