import type { Instant } from './instant.ts'
import { type Balance, EMPTY } from './money.ts'
import type { UserID } from './user-id.ts'

/** One user's money. */
export interface Wallet {
  readonly userID: UserID
  readonly balance: Balance
  /** The `id` of its last transaction; 0 before the first. */
  readonly version: bigint
  readonly createdAt: Instant
  /** `createdAt` of its last transaction; the wallet's own before the first. */
  readonly updatedAt: Instant
  /** Absent while the wallet is open. */
  readonly state?: 'frozen' | 'closed'
}

export function newWallet(userID: UserID, now: Instant): Wallet {
  return { userID, balance: EMPTY, version: 0n, createdAt: now, updatedAt: now }
}
