import type { Wallet } from '../../domain/wallet.ts'
import type { Reads, WalletStore } from '../../ports/wallet-store.ts'
import { type Lane, LaneError } from './lane.ts'
import { knownOutcomes, readInstant, toWallet } from './rows.ts'
import * as statements from './statements.ts'

/** Where a batch was when it failed. */
export interface BatchProgress {
  /** Once true, a failure may have come after the commit. */
  committing: boolean
}

type Decide = Parameters<WalletStore['transact']>[1]
type Outcomes = Awaited<ReturnType<WalletStore['transact']>>

/** Lock, decide, write, commit: two round trips, whatever the size of the batch. */
export async function runBatch(lane: Lane, reads: Reads, decide: Decide, progress: BatchProgress): Promise<Outcomes> {
  const [begun, locked, [clock], executed, refused] = await lane.roundTrip((sql) => [
    statements.begin(sql),
    statements.lockWallets(sql, reads.wallets),
    statements.readClockAndFence(sql),
    statements.readExecuted(sql, reads.transactionIDs),
    statements.readRefused(sql, reads.transactionIDs),
  ])
  if (begun.command !== 'BEGIN' || clock === undefined) throw new LaneError('no transaction was begun')
  const wallets = new Map<string, Wallet>(locked.map((row) => [row.user_id, toWallet(row)]))
  const known = knownOutcomes(executed, refused)

  const { outcomes, writes } = decide(
    { wallet: (userID) => wallets.get(userID), outcome: (transactionID) => known.get(transactionID) },
    readInstant(clock.now),
  )

  progress.committing = true
  const [inserted, updated, refusals, committed] = await lane.roundTrip((sql) => [
    statements.insertTransactions(sql, clock.fence, writes.transactions),
    statements.updateWallets(sql, clock.fence, writes.wallets),
    statements.insertRefusals(sql, clock.fence, writes.refusals),
    statements.commit(sql),
  ])
  // COMMIT of a transaction that failed resolves like any other; only its tag tells. And a write that found itself
  // outside the transaction that holds the locks wrote nothing.
  const whole =
    committed.command === 'COMMIT' &&
    inserted.count === writes.transactions.length &&
    updated.count === writes.wallets.length &&
    refusals.count === writes.refusals.length
  if (!whole) throw new LaneError('the batch was not committed whole')
  return outcomes
}
