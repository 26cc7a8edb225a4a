import type { UserID } from './user-id.ts'

/** How far a reader of a wallet's transactions is. */
export interface Position {
  readonly userID: UserID
  /** The id of the last transaction that it has; 0 before the first. */
  readonly after: bigint
}

/** How many transactions of one wallet are read at once for those who follow it. */
export const MAX_NEWS = 100
