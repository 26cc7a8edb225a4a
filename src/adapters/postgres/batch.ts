import type { Refusal } from '../../domain/outcome.ts'
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

/** Lock, decide, write, commit: two round trips (one or two more if something was refused), whatever the size of the batch. */
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
  // Refusals are rare: the statements for them go only if there are some.
  if (writes.refusals.length > 0) await step('refuse', () => refuse(lane, fence, writes.refusals))

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

async function refuse(lane: Lane, fence: string, refusals: readonly Refusal[]): Promise<void> {
  const absent = refusals.flatMap(({ code, movement }) =>
    code === 'PASSIVE_WALLET_NOT_FOUND' && movement.passiveUserID !== null ? [movement.passiveUserID] : [],
  )
  if (absent.length > 0) {
    const [, opened] = await lane.roundTrip((sql) => [
      statements.lockAbsence(sql, absent),
      statements.readWallets(sql, absent),
    ])
    if (opened.length > 0) throw new LaneError('a wallet was opened while a transfer to it was refused')
  }
  const [inserted] = await lane.roundTrip((sql) => [statements.insertRefusals(sql, fence, refusals)])
  if (inserted.count !== refusals.length) throw new LaneError('refusals are missing')
}
