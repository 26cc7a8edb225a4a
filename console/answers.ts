import type { Transaction as WireTransaction, Wallet as WireWallet } from '../client/api-types.ts'

/*
 * What the console's own routes answer: this version of the console only, which came from the same package, so it is taken
 * as it is.
 */

export interface Found {
  readonly wallets: readonly WireWallet[]
  readonly more: boolean
}

export interface Refusal {
  readonly transactionID: string
  readonly userID: string
  readonly kind: string
  readonly amount: number
  readonly passiveUserID: string | null
  readonly code: string
  readonly requestID: string
  readonly createdAt: string
  readonly reference?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** Transactions of any wallet under a reference. */
export interface Referenced {
  readonly transactions: readonly WireTransaction[]
  /** There may be more. */
  readonly more: boolean
}

export interface StateChange {
  readonly id: number
  readonly state: 'open' | 'frozen' | 'closed'
  readonly reason: string
  /** `null` if the service tells no one apart. */
  readonly changedBy: string | null
  readonly changedAt: string
}

/** What was done to a wallet, newest first. */
export interface StateChanges {
  readonly changes: readonly StateChange[]
  /** There may be more. */
  readonly more: boolean
}

/** The last transactions of the feed, oldest first; it goes on behind `next`. */
export interface Newest {
  readonly transactions: readonly WireTransaction[]
  readonly next: string
}

/** Where the delivery of transactions to another system stands. */
export interface Webhook {
  readonly origin: string
  /** When something was taken last; `null` if nothing ever was. */
  readonly deliveredAt: string | null
  /** `null` while it delivers. */
  readonly failingSince: string | null
  readonly lastError: string | null
  /** Seconds. */
  readonly behind: number
}

export interface Trace {
  readonly transactions: readonly WireTransaction[]
  readonly refusals: readonly Refusal[]
}

export interface Curve {
  readonly transactions: number
  readonly points: readonly { readonly id: number; readonly balance: number; readonly createdAt: string }[]
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What `npm run audit -- --json` prints. Amounts are text. */
export interface AuditReport {
  readonly takenAt: string
  readonly seconds: number
  readonly figures: Readonly<Record<string, number | string>>
  readonly checks: readonly { readonly name: string; readonly says: string; readonly findings: number }[]
  readonly findings: readonly {
    readonly check: string
    readonly userID: string | null
    readonly id: string | null
    readonly transactionID: string | null
    readonly expected: string
    readonly found: string
  }[]
}

/** From when until when, as the API takes it. */
export interface Times {
  readonly createdAfter?: string
  readonly createdFrom?: string
  readonly createdBefore?: string
}
