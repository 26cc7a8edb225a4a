import type { Command } from '../domain/command.ts'
import type { FeedAnswer, FeedQuery } from '../domain/feed.ts'
import type { HistoryQuery, Page } from '../domain/history.ts'
import type { Instant } from '../domain/instant.ts'
import type { Outcome, RejectionCode, StoredOutcome } from '../domain/outcome.ts'
import type { Moment, PastWallet, Period, Statement } from '../domain/past.ts'
import type { TransactionID } from '../domain/transaction.ts'
import type { UserID } from '../domain/user-id.ts'
import type { Wallet } from '../domain/wallet.ts'
import type { StateDecision, StateRequest } from '../domain/wallet-state.ts'

/** What a client asks to be done with money, under an ID that it obtained with {@link WalletService.issue}: the ID says when it expires, and whether it is retired. */
export type MovementRequest = Omit<Command, 'expiresAt' | 'epoch'>

/** Turned away for what was asked; nothing was kept. */
export interface Rejected {
  readonly kind: 'rejected'
  readonly code: RejectionCode | 'SELF_TRANSFER' | 'TRANSACTION_ID_UNKNOWN' | 'WALLET_NOT_EMPTY'
}

/**
 * Not answered for want of means: the same request may be sent again.
 * `OUTCOME_UNKNOWN`: it may have been executed; the other two: it surely was not.
 */
export interface Failed {
  readonly kind: 'failed'
  readonly code: 'OVERLOADED' | 'DATABASE_UNAVAILABLE' | 'OUTCOME_UNKNOWN'
}

/** How one item of a list fared. */
export type ListAnswer = Outcome | Rejected | Failed

/** What is known of a transaction ID. */
export type TransactionStatus = { readonly kind: 'unused' | 'expired' | 'retired' } | StoredOutcome

/** For how long a reader of the feed waits at most, and a signal that no one waits any more. */
export interface FeedWait {
  readonly ms: number
  readonly signal?: AbortSignal
}

/** What the service does for those who drive it. Anything thrown is a bug. */
export interface WalletService {
  /** Opens the user's wallet, or finds it open. */
  open(userID: UserID): Promise<{ kind: 'opened'; wallet: Wallet; created: boolean } | Failed>
  /** @param atLeast a version: the wallet as it was then or later will do. Left out, it is as it is. */
  wallet(userID: UserID, atLeast?: bigint): Promise<{ kind: 'found'; wallet: Wallet } | Rejected | Failed>
  /** Issues a transaction ID; keeps nothing. */
  issue(userID: UserID): { transactionID: TransactionID; expiresAt: Instant }
  /** The same, many at once. */
  issueMany(userID: UserID, count: number): { transactionIDs: readonly TransactionID[]; expiresAt: Instant }
  status(
    userID: UserID,
    transactionID: TransactionID,
  ): Promise<{ kind: 'status'; status: TransactionStatus } | Rejected | Failed>
  /** Whether {@link submit} would fail with `OVERLOADED` now, whatever it was asked. */
  isOverloaded(): boolean
  /** Moves money at most once for each transaction ID, however often it is asked to. */
  submit(request: MovementRequest): Promise<Outcome | Rejected | Failed>
  /**
   * Each as {@link submit} would, those that share a wallet in the order of the list.
   *
   * @param how `atomic`: all of them are executed, or none that is new. `impossible`: one that belongs to the list and is
   *     not in it cannot be.
   * @returns an answer for each, in their order; `Failed` if nothing of it was done for want of means.
   */
  submitList(
    requests: readonly MovementRequest[],
    how: { readonly atomic: boolean; readonly impossible: boolean },
  ): Promise<{ kind: 'answered'; answers: readonly ListAnswer[] } | Failed>
  /** Freezes, closes or opens a wallet. */
  changeState(request: StateRequest): Promise<StateDecision | Failed>
  /** @param atLeast a version: the history as it was then or later will do. Left out, it is as it is. */
  history(query: HistoryQuery, atLeast?: bigint): Promise<{ kind: 'page'; page: Page } | Rejected | Failed>
  /** The wallet as it was. */
  walletAt(moment: Moment): Promise<Exclude<PastWallet, { kind: 'absent' }> | Rejected | Failed>
  statement(period: Period): Promise<{ kind: 'statement'; statement: Statement } | Rejected | Failed>
  /** The transactions of all wallets in one order; if there are none, after a wait. */
  feed(query: FeedQuery, wait: FeedWait): Promise<FeedAnswer | Failed>
  /** Answers those who wait for something new, and from now on at once: the service is about to stop. */
  endWaits(): void
}

/** Whether requests can be served right now, and if not, why. */
export type Readiness = () => Promise<'ready' | 'starting' | 'database unavailable' | 'shutting down'>
