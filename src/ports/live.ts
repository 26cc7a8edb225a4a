import type { Position } from '../domain/follow.ts'
import type { Transaction } from '../domain/transaction.ts'

/** One who follows a wallet. */
export interface Follower {
  /**
   * Given the next transactions, oldest first, without a gap.
   *
   * @returns whether it takes more right now; otherwise it says {@link Following.goOn} when it does.
   */
  take(transactions: readonly Transaction[]): boolean
  /** The service stops: nothing more comes from here. */
  end(): void
}

export interface Following {
  /** It takes more again. */
  goOn(): void
  stop(): void
}

/** Transactions told to those who follow a wallet, soon after they were committed, by whichever instance. */
export interface LiveWallets {
  /** Begins behind a position, however long ago that was. Turned away: the user has, or all have, as many followers as there may be. */
  follow(position: Position, follower: Follower): Following | 'TOO_MANY_REQUESTS' | 'OVERLOADED'
}
