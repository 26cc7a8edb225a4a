import type { HistoryQuery, Page } from '../domain/history.ts'
import type { UserID } from '../domain/user-id.ts'
import type { Wallet } from '../domain/wallet.ts'
import type { Standby } from '../ports/standby.ts'
import { NO_TELEMETRY, type Telemetry } from '../ports/telemetry.ts'
import { type BatcherBounds, createBatcher, READS, type Settled } from './batcher.ts'

/** Bounds of what waits for the standby. */
export interface StandbyBounds {
  readonly wallets: BatcherBounds
  readonly histories: BatcherBounds
}

/** Reads of a standby. Each says `undefined` if the primary is to be asked: docs/decisions/read-replicas.md says when. */
export interface StandbyReads {
  /** The wallet, if it has at least this version there, and is open. */
  wallet(userID: UserID, atLeast: bigint): Promise<Wallet | undefined>
  /** The page, if the wallet has at least this version there. */
  history(query: HistoryQuery, atLeast: bigint): Promise<Page | undefined>
}

export function createStandbyReads(
  standby: Standby,
  bounds: StandbyBounds,
  telemetry: Telemetry = NO_TELEMETRY,
): StandbyReads {
  const count = telemetry.standby(standby.reading)
  const wallets = createBatcher({
    ...{ ...bounds.wallets, ...READS, name: 'standby_wallet', telemetry },
    run: (users: readonly UserID[]) => standby.wallets(users),
  })
  const histories = createBatcher({
    ...{ ...bounds.histories, ...READS, name: 'standby_history', telemetry },
    run: (queries: readonly HistoryQuery[]) => Promise.all(queries.map(standby.history)),
  })

  /** What the standby says, if it is recent enough. */
  async function ask<Answer>(
    answer: () => Promise<Settled<Answer | undefined>>,
    isRecent: (answer: Answer) => boolean,
  ): Promise<Answer | undefined> {
    const settled = standby.reading().usable ? await answer() : undefined
    const found = settled?.kind === 'done' ? settled.result : undefined
    if (found !== undefined && isRecent(found)) {
      count('answered')
      return found
    }
    count(settled?.kind === 'done' && standby.reading().usable ? 'behind' : 'unusable')
    return undefined
  }

  return {
    wallet: (userID, atLeast) =>
      ask(
        () => wallets.submit(userID),
        // A change of state makes no new version: that a wallet is frozen still only the primary can say.
        ({ version, state }: Wallet) => version >= atLeast && state === undefined,
      ),
    async history(query, atLeast) {
      const found = await ask(
        () => histories.submit(query),
        ({ version }) => version >= atLeast,
      )
      return found?.page
    },
  }
}
