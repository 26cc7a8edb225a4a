import type { Reads } from '../../ports/wallet-store.ts'
import * as citus from './citus-statements.ts'
import { type Lane, LaneError } from './lane.ts'
import type { KnownRow, MomentRow, OutcomeRow, WalletRow } from './rows.ts'
import * as statements from './statements.ts'

/** What a batch is decided on, once its locks are held. */
export interface LockedBatch {
  readonly moment: MomentRow
  readonly locked: readonly WalletRow[]
  readonly known: readonly (OutcomeRow | KnownRow)[]
}

/** What is done differently in one database and on the workers of a Citus; all else is the same on both. */
export interface StoreForm {
  /** Begins a transaction, locks the wallets, then reads what is known: one round trip. */
  lock(lane: Lane, reads: Reads): Promise<LockedBatch>
  /** Runs each statement that {@link StoreForm.lock} sends after BEGIN, on nothing. */
  prepareLock(lane: Lane): Promise<void>
  readonly updateWallets: typeof statements.updateWallets
  readonly insertWallets: typeof statements.insertWallets
}

const IN_ONE_DATABASE: StoreForm = {
  async lock(lane, { wallets, transactionIDs }) {
    const [begun, locked, known] = await lane.roundTrip((sql) => [
      statements.begin(sql),
      statements.lockWallets(sql, wallets),
      statements.readKnown(sql, transactionIDs),
    ])
    return { moment: momentOf(begun.command, known), locked, known }
  },
  async prepareLock(lane) {
    await lane.roundTrip((sql) => [statements.lockWallets(sql, [])])
    await lane.roundTrip((sql) => [statements.readKnown(sql, [])])
  },
  updateWallets: statements.updateWallets,
  insertWallets: statements.insertWallets,
}

const ON_CITUS: StoreForm = {
  async lock(lane, { wallets, transactionIDs }) {
    const [begun, , , locked, moments, known] = await lane.roundTrip((sql) => [
      statements.begin(sql),
      citus.boundLocks(sql),
      citus.boundRest(sql),
      citus.lockWallets(sql, wallets),
      citus.readMoment(sql),
      citus.readOutcomes(sql, transactionIDs),
    ])
    return { moment: momentOf(begun.command, moments), locked, known }
  },
  async prepareLock(lane) {
    await lane.roundTrip((sql) => [citus.boundLocks(sql)])
    await lane.roundTrip((sql) => [citus.boundRest(sql)])
    await lane.roundTrip((sql) => [citus.lockWallets(sql, [])])
    await lane.roundTrip((sql) => [citus.readMoment(sql)])
    await lane.roundTrip((sql) => [citus.readOutcomes(sql, [])])
  },
  updateWallets: citus.updateWallets,
  insertWallets: citus.insertWallets,
}

export function storeForm(lane: Lane): StoreForm {
  return lane.isDistributed() ? ON_CITUS : IN_ONE_DATABASE
}

function momentOf(tag: string, [moment]: readonly MomentRow[]): MomentRow {
  if (tag !== 'BEGIN' || moment === undefined) throw new LaneError('no transaction was begun')
  return moment
}
