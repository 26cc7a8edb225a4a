import type { HistoryQuery, Page } from '../domain/history.ts'
import type { UserID } from '../domain/user-id.ts'
import type { Wallet } from '../domain/wallet.ts'
import type { StandbyReading } from './telemetry.ts'

/** A page of a wallet's history, and a version that the wallet had by then. */
export interface VersionedPage {
  readonly version: bigint
  readonly page: Page
}

/**
 * A copy of the store that follows it, and may be behind: what it says was true once. One that fails says `undefined`, and is
 * not usable until it answers again. Anything thrown is a bug.
 */
export interface Standby {
  reading(): StandbyReading
  /** A wallet or `undefined` for each user, in their order. */
  wallets(userIDs: readonly UserID[]): Promise<readonly (Wallet | undefined)[]>
  /** `undefined` if it has no wallet of the user. */
  history(query: HistoryQuery): Promise<VersionedPage | undefined>
  close(): Promise<void>
}
