/* Made from the API description by "npm run client:types". */

/**
 * One user's money
 */
export interface Wallet {
  /**
   * 1 to 128 characters, no control characters, no white space at either end, and neither . nor ..
   */
  userID: string
  /**
   * Base units: 1000000 = 1 dollar
   */
  balance: number
  /**
   * The id of the last transaction; 0 before the first
   */
  version: number
  /**
   * RFC 3339 in UTC with microseconds
   */
  createdAt: string
  /**
   * RFC 3339 in UTC with microseconds
   */
  updatedAt: string
  /**
   * Absent while the wallet is open
   */
  state?: 'frozen' | 'closed'
  /**
   * Of which moment this is, to the microsecond; there if one was asked for
   */
  at?: string
}
/**
 * Why a request was not done (RFC 9457)
 */
export interface Problem {
  /**
   * The code as a URN
   */
  type: string
  title: string
  status: number
  /**
   * What a program goes by
   */
  code:
    | 'ROUTE_NOT_FOUND'
    | 'METHOD_NOT_ALLOWED'
    | 'TOO_MANY_REQUESTS'
    | 'UNAUTHENTICATED'
    | 'AUTHENTICATION_UNAVAILABLE'
    | 'FORBIDDEN'
    | 'BODY_TOO_LARGE'
    | 'UNSUPPORTED_MEDIA_TYPE'
    | 'INVALID_REQUEST'
    | 'OVERLOADED'
    | 'SELF_TRANSFER'
    | 'TRANSACTION_ID_UNKNOWN'
    | 'TRANSACTION_ID_REUSED'
    | 'TRANSACTION_ID_RETIRED'
    | 'TRANSACTION_ID_EXPIRED'
    | 'WALLET_NOT_FOUND'
    | 'WALLET_CLOSED'
    | 'WALLET_FROZEN'
    | 'PASSIVE_WALLET_CLOSED'
    | 'VERSION_MISMATCH'
    | 'PASSIVE_WALLET_NOT_FOUND'
    | 'INSUFFICIENT_BALANCE'
    | 'BALANCE_LIMIT_EXCEEDED'
    | 'NOT_EXECUTED'
    | 'WALLET_NOT_EMPTY'
    | 'FEED_UNAVAILABLE'
    | 'CURSOR_GONE'
    | 'DATABASE_UNAVAILABLE'
    | 'OUTCOME_UNKNOWN'
    | 'INTERNAL'
  detail: string
  /**
   * The ID of the request; in a replayed refusal, of the one refused first
   */
  instance: string
  /**
   * What is wrong with which field; only with INVALID_REQUEST
   */
  errors?: {
    /**
     * A JSON pointer
     */
    path: string
    message: string
  }[]
}
/**
 * A transaction ID, and until when it may be used
 */
export interface IssuedTransactionID {
  /**
   * Obtained from the server before the write; lower case
   */
  transactionID: string
  /**
   * RFC 3339 in UTC with microseconds
   */
  expiresAt: string
}
/**
 * Transaction IDs, and until when they may be used
 */
export interface IssuedTransactionIDs {
  transactionIDs: string[]
  /**
   * RFC 3339 in UTC with microseconds
   */
  expiresAt: string
}
/**
 * One line of a wallet's history; never changes
 */
export interface Transaction {
  /**
   * Counts the transactions of the wallet: 1, 2, 3, …
   */
  id: number
  /**
   * Obtained from the server before the write; lower case
   */
  transactionID: string
  /**
   * 1 to 128 characters, no control characters, no white space at either end, and neither . nor ..
   */
  userID: string
  /**
   * 1 Deposit, 2 Withdrawal, 3 TransferIn, 4 TransferOut
   */
  type: 1 | 2 | 3 | 4
  /**
   * Base units; always positive, the type gives its sign
   */
  amount: number
  /**
   * The balance of the wallet right after this transaction
   */
  balance: number
  /**
   * The other side of a transfer; null for deposits and withdrawals
   */
  passiveUserID: string | null
  /**
   * RFC 3339 in UTC with microseconds
   */
  createdAt: string
  /**
   * Absent if there is none
   */
  reference?: string
  /**
   * The payer's own; absent if there is none, and on a TransferIn
   */
  metadata?: {
    [k: string]: string
  }
}
/**
 * The outcome of a transaction ID; with its transaction when executed, its refusal when refused
 */
export interface TransactionIDStatus {
  /**
   * Obtained from the server before the write; lower case
   */
  transactionID: string
  status: 'unused' | 'executed' | 'refused' | 'expired' | 'retired'
  transaction?: Transaction
  refusal?: {
    code:
      | 'WALLET_CLOSED'
      | 'WALLET_FROZEN'
      | 'PASSIVE_WALLET_CLOSED'
      | 'VERSION_MISMATCH'
      | 'PASSIVE_WALLET_NOT_FOUND'
      | 'INSUFFICIENT_BALANCE'
      | 'BALANCE_LIMIT_EXCEEDED'
    detail: string
  }
}
/**
 * A deposit or a withdrawal
 */
export interface MovementItem {
  /**
   * 1 to 128 characters, no control characters, no white space at either end, and neither . nor ..
   */
  userID: string
  /**
   * 1 Deposit, 2 Withdrawal, 4 TransferOut
   */
  type: 1 | 2
  /**
   * Base units: 1000000 = 1 dollar
   */
  amount: number
  /**
   * Obtained from the server before the write; lower case
   */
  transactionID: string
  /**
   * What the movement is about; on both halves of a transfer. 1 to 64 characters, no control characters
   */
  reference?: string
  /**
   * The payer's own fields, never shown to the recipient: at most 16 keys of 1 to 40 characters with strings of up to 500 characters, 2048 bytes in all
   */
  metadata?: {
    [k: string]: string
  }
  /**
   * Refused with VERSION_MISMATCH unless the wallet of userID has this version
   */
  ifVersion?: number
}
/**
 * A transfer
 */
export interface TransferItem {
  /**
   * 1 to 128 characters, no control characters, no white space at either end, and neither . nor ..
   */
  userID: string
  /**
   * 1 Deposit, 2 Withdrawal, 4 TransferOut
   */
  type: 4
  /**
   * 1 to 128 characters, no control characters, no white space at either end, and neither . nor ..
   */
  passiveUserID: string
  /**
   * Base units: 1000000 = 1 dollar
   */
  amount: number
  /**
   * Obtained from the server before the write; lower case
   */
  transactionID: string
  /**
   * What the movement is about; on both halves of a transfer. 1 to 64 characters, no control characters
   */
  reference?: string
  /**
   * The payer's own fields, never shown to the recipient: at most 16 keys of 1 to 40 characters with strings of up to 500 characters, 2048 bytes in all
   */
  metadata?: {
    [k: string]: string
  }
  /**
   * Refused with VERSION_MISMATCH unless the wallet of userID has this version
   */
  ifVersion?: number
}
/**
 * How each item of a list fared
 */
export interface ListResults {
  /**
   * One for each item, in their order; with its transaction when executed, its problem when not
   */
  results: {
    /**
     * What the item alone would be answered with
     */
    status: number
    /**
     * An earlier request with this transaction ID had this outcome already
     */
    replayed: boolean
    transaction?: Transaction
    problem?: Problem
  }[]
}
/**
 * A piece of the feed, oldest first
 */
export interface FeedPage {
  transactions: Transaction[]
  /**
   * The after of the page that follows; there always is one
   */
  next: string
}
/**
 * A piece of a wallet's history, newest first
 */
export interface HistoryPage {
  transactions: Transaction[]
  /**
   * The IDBefore of the next page; null on the last one
   */
  nextIDBefore: number | null
}
/**
 * How many transactions of a type a period has, and what they add up to
 */
export interface Total {
  count: number
  /**
   * Base units, as text: a sum may be larger than 2^53, and JSON clients would round it as a number
   */
  amount: string
}
/**
 * What a wallet had before a period and after it, and what came in between
 */
export interface Statement {
  /**
   * 1 to 128 characters, no control characters, no white space at either end, and neither . nor ..
   */
  userID: string
  /**
   * RFC 3339 in UTC with microseconds
   */
  from: string
  /**
   * RFC 3339 in UTC with microseconds
   */
  to: string
  /**
   * The balance before from, in base units
   */
  opening: number
  /**
   * The balance before to, with which the next period opens
   */
  closing: number
  /**
   * How many transactions the period has
   */
  count: number
  /**
   * The id of the first of them; null if there are none
   */
  firstID: number | null
  /**
   * The id of the last of them; null if there are none
   */
  lastID: number | null
  /**
   * By type, whether it occurs or not; null if there are more than 100000 transactions
   */
  totals: {
    '1': Total
    '2': Total
    '3': Total
    '4': Total
  } | null
}
export interface Liveness {
  status: string
}
export interface Readiness {
  status: string
}

/** Every path of the service. */
export type Path =
  | '/api/v1/users/{userID}/wallet'
  | '/api/v1/users/{userID}/wallet/state'
  | '/api/v1/users/{userID}/wallet/transactionID'
  | '/api/v1/users/{userID}/wallet/transactionIDs'
  | '/api/v1/users/{userID}/wallet/transactionID/{transactionID}'
  | '/api/v1/users/{userID}/wallet/deposit'
  | '/api/v1/users/{userID}/wallet/withdraw'
  | '/api/v1/users/{userID}/wallet/transfer'
  | '/api/v1/transactions'
  | '/api/v1/users/{userID}/wallet/transactions'
  | '/api/v1/users/{userID}/wallet/events'
  | '/api/v1/users/{userID}/wallet/statement'
  | '/livez'
  | '/readyz'
