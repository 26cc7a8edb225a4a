import type { Instant } from './instant.ts'
import type { Amount, Balance } from './money.ts'
import type { Note } from './note.ts'
import type { UserID } from './user-id.ts'

declare const transactionID: unique symbol

/** The server-issued UUID under which a write has one outcome, for ever. Lower case. */
export type TransactionID = string & { readonly [transactionID]: true }

/** The only place where the numbers of the four types stand. */
export const TransactionType = { Deposit: 1, Withdrawal: 2, TransferIn: 3, TransferOut: 4 } as const
export type TransactionType = (typeof TransactionType)[keyof typeof TransactionType]

const types: readonly number[] = Object.values(TransactionType)

/** Narrows a number that a constraint or a schema has limited already; anything else is the caller's bug. */
export function toTransactionType(type: number): TransactionType {
  if (!types.includes(type)) throw new RangeError(`not a transaction type: ${type}`)
  return type as TransactionType
}

/** One line of a wallet's history; never changed once written. */
export interface Transaction {
  /** Counts the wallet's transactions: 1, 2, 3, … without a gap. */
  readonly id: bigint
  /** Both halves of a transfer carry the same one. */
  readonly transactionID: TransactionID
  readonly userID: UserID
  readonly type: TransactionType
  readonly amount: Amount
  /** The wallet's balance right after this transaction. */
  readonly balance: Balance
  /** The other side of a transfer; `null` exactly for deposits and withdrawals. */
  readonly passiveUserID: UserID | null
  /** Strictly rises with `id` within a wallet, whatever the clocks do. */
  readonly createdAt: Instant
  /** Absent if the client added none. */
  readonly note?: Note
}
