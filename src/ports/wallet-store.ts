import type { Unit } from '../domain/command.ts'
import type { BatchDecision, State } from '../domain/decide.ts'
import type { Epoch } from '../domain/epoch.ts'
import type { FeedAnswer, FeedPosition, FeedQuery } from '../domain/feed.ts'
import type { Position } from '../domain/follow.ts'
import type { HistoryQuery, Page } from '../domain/history.ts'
import type { Instant } from '../domain/instant.ts'
import type { Outcome, StoredOutcome } from '../domain/outcome.ts'
import type { Moment, PastWallet, Period, Statement } from '../domain/past.ts'
import type { Transaction, TransactionID } from '../domain/transaction.ts'
import type { UserID } from '../domain/user-id.ts'
import type { Wallet } from '../domain/wallet.ts'
import type { StateDecision, StateRequest } from '../domain/wallet-state.ts'
import type { EpochKey } from './transaction-ids.ts'

/** How a batch is decided: the domain's {@link decideBatch}, which a test may watch. */
export type Decide = (units: readonly Unit[], state: State, now: Instant) => BatchDecision

export interface OpenedWallet {
  readonly wallet: Wallet
  /** False if the wallet was there before. */
  readonly created: boolean
}

/** What keeps the feed from going on. */
export interface FeedHold {
  /** The oldest transaction of the database that is under way, by its number; `undefined` if none is. */
  readonly oldest: string | undefined
  /** How many transactions someone has prepared and neither committed nor rolled back. */
  readonly prepared: number
}

export interface KnownOutcome {
  readonly stored: StoredOutcome | undefined
  readonly now: Instant
  readonly epoch: Epoch
}

/** Everything that is kept. Every method may throw a {@link StoreError}; anything else thrown is a bug. */
export interface WalletStore {
  /** Opens the wallets that are missing; an answer for each user, in their order. */
  open(userIDs: readonly UserID[]): Promise<readonly OpenedWallet[]>

  /**
   * Locks the wallets of the commands in ascending order, reads the outcomes of their transaction IDs, calls `decide`
   * once, keeps all that it returned in one atomic step, and answers with its outcomes: one for each command, in their
   * order. After an error the batch may be tried again: its transaction IDs make that safe.
   */
  transact(units: readonly Unit[], decide: Decide): Promise<readonly Outcome[]>

  /** Decides under the wallet's lock by the domain's {@link decideState}, and keeps the change with the wallet, in one atomic step. */
  changeState(request: StateRequest): Promise<StateDecision>

  /** A wallet or `undefined` for each user, in their order. */
  wallets(userIDs: readonly UserID[]): Promise<readonly (Wallet | undefined)[]>

  /** The outcome of a transaction ID, with what an unused one is judged by: the clock, and the ledger's epoch. */
  outcome(userID: UserID, transactionID: TransactionID): Promise<KnownOutcome>

  /** The epochs after the first, newest first. */
  epochs(): Promise<readonly EpochKey[]>

  /** `undefined` if the user has no wallet. */
  history(query: HistoryQuery): Promise<Page | undefined>

  /**
   * What came behind each position, oldest first: at most {@link MAX_NEWS} transactions of a wallet, and no wallet without any.
   * No user stands in two positions.
   */
  news(positions: readonly Position[]): Promise<ReadonlyMap<UserID, readonly Transaction[]>>

  /**
   * The wallet as it was at a moment. Like {@link statement} it first waits for the batches that could still write before
   * that moment's end, so that the answer stays true.
   */
  walletAt(moment: Moment): Promise<PastWallet>

  /** `undefined` if the user has no wallet. Of a period that is not over: what there is so far. */
  statement(period: Period): Promise<Statement | undefined>

  /**
   * The transactions of all wallets in one order, which no one who commits later changes: what is behind a position that was
   * given once never grows.
   */
  feed(query: FeedQuery): Promise<FeedAnswer>

  /** Where the feed ends now. */
  feedEnd(): Promise<FeedPosition>

  /** `undefined` if the store has no feed. */
  feedHold(): Promise<FeedHold | undefined>

  /** Resolves when the store can serve; throws if it can't. */
  ping(): Promise<void>

  close(): Promise<void>
}

/** The store failed: lost connection, timeout, full disk. To be tried again. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  /** `no`: nothing of it was kept, for sure. `unknown`: the failure came while it was being committed. */
  readonly written: 'no' | 'unknown'

  constructor(written: 'no' | 'unknown', message: string, options?: ErrorOptions) {
    super(message, options)
    this.written = written
  }
}

/** The service's own clock. Transactions take the store's, which is read under the wallets' locks. */
export type Clock = () => Instant
