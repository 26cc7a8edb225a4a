import type { Instant } from '../domain/instant.ts'
import type { TransactionID } from '../domain/transaction.ts'
import type { UserID } from '../domain/user-id.ts'

/** How long a key that signs them is. */
export const KEY_BYTES = 32

/** Issues and recognises transaction IDs without keeping them. */
export interface TransactionIDs {
  /** A new ID, bound to this user; unique among all that are issued to them. */
  issue(userID: UserID, now: Instant): TransactionID
  /** When this ID was issued (to the millisecond), or `undefined` unless it was issued here, unaltered, to this user. */
  issuedAt(userID: UserID, transactionID: TransactionID): Instant | undefined
}
