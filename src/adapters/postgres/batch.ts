import type { Wallet } from '../../domain/wallet.ts'
import type { Reads, WalletStore } from '../../ports/wallet-store.ts'
import { type Lane, LaneError } from './lane.ts'
import { knownOutcomes, readInstant, toWallet } from './rows.ts'
import * as statements from './statements.ts'
import { type RunStep, unwatched } from './steps.ts'
import { storeForm } from './store-form.ts'

/** Where a batch was when it failed. */
export interface BatchProgress {
  /** Once true, a failure may have come after the commit. */
  committing: boolean
}

type Decide = Parameters<WalletStore['transact']>[1]
type Outcomes = Awaited<ReturnType<WalletStore['transact']>>

/** Lock, decide, write, commit: two round trips (three where something was refused), whatever the size of the batch. */
export async function runBatch(
  lane: Lane,
  reads: Reads,
  decide: Decide,
  progress: BatchProgress,
  step: RunStep = unwatched,
): Promise<Outcomes> {
  const form = storeForm(lane)
  const { moment, locked, known } = await step('lock', () => form.lock(lane, reads))
  const { now, fence } = moment
  const wallets = new Map<string, Wallet>(locked.map((row) => [row.user_id, toWallet(row)]))
  const earlier = knownOutcomes(known)

  const { outcomes, writes } = decide(
    { wallet: (userID) => wallets.get(userID), outcome: (transactionID) => earlier.get(transactionID) },
    readInstant(now),
  )
  // Refusals are rare: the statement for them goes only where there are some.
  if (writes.refusals.length > 0) {
    const [refusals] = await step('refuse', () =>
      lane.roundTrip((sql) => [statements.insertRefusals(sql, fence, writes.refusals)]),
    )
    if (refusals.count !== writes.refusals.length) throw new LaneError('refusals are missing')
  }

  progress.committing = true
  const [inserted, updated, committed] = await step('commit', () =>
    lane.roundTrip((sql) => [
      statements.insertTransactions(sql, fence, writes.transactions),
      form.updateWallets(sql, fence, writes.wallets),
      statements.commit(sql),
    ]),
  )
  // COMMIT of a transaction that failed resolves like any other; only its tag tells. And a write that found itself
  // outside the transaction that holds the locks wrote nothing.
  const whole =
    committed.command === 'COMMIT' &&
    inserted.count === writes.transactions.length &&
    updated.count === writes.wallets.length
  if (!whole) throw new LaneError('the batch was not committed whole')
  return outcomes
}
