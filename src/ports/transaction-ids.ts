import type { Epoch } from '../domain/epoch.ts'
import type { Instant } from '../domain/instant.ts'
import type { TransactionID } from '../domain/transaction.ts'
import type { UserID } from '../domain/user-id.ts'

/** How long a key that signs them is. */
export const KEY_BYTES = 32

/** An epoch after the first, and what the keys that sign in it are made with: {@link KEY_BYTES} random bytes. */
export interface EpochKey {
  readonly epoch: Epoch
  readonly key: Buffer
}

/** What an ID says of itself. */
export interface Proof {
  /** To the millisecond. */
  readonly issuedAt: Instant
  readonly epoch: Epoch
}

/** Issues and recognises transaction IDs without keeping them. */
export interface TransactionIDs {
  /** A new ID, bound to this user; unique among all that are issued to them. */
  issue(userID: UserID, now: Instant): TransactionID
  /** `undefined` unless this ID was issued here, unaltered, to this user. */
  prove(userID: UserID, transactionID: TransactionID): Proof | undefined
}
