import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Lane } from './lane.ts'
import { prepareOutcome } from './outcomes.ts'
import * as statements from './statements.ts'
import { storeForm } from './store-form.ts'

const NOBODY = '' as UserID
const NO_ID = '00000000-0000-8000-8000-000000000000' as TransactionID
const NO_FENCE = '0'

/** Runs every statement of a batch once, on nothing. Each alone: see {@link openLane}. */
export async function prepareWrites(lane: Lane): Promise<void> {
  const form = storeForm(lane)
  await lane.roundTrip((sql) => [statements.begin(sql)])
  await form.prepareLock(lane)
  await lane.roundTrip((sql) => [statements.insertTransactions(sql, NO_FENCE, [])])
  await lane.roundTrip((sql) => [form.updateWallets(sql, NO_FENCE, [])])
  await lane.roundTrip((sql) => [statements.lockAbsence(sql, [])])
  await lane.roundTrip((sql) => [statements.readWallets(sql, [])])
  await lane.roundTrip((sql) => [statements.insertRefusals(sql, NO_FENCE, [])])
  await lane.roundTrip((sql) => [statements.rollback(sql)])
}

/** The same for everything that is not a batch. */
export async function prepareReads(lane: Lane): Promise<void> {
  await lane.roundTrip((sql) => [statements.begin(sql)])
  await lane.roundTrip((sql) => [storeForm(lane).insertWallets(sql, [])])
  await lane.roundTrip((sql) => [statements.readWallets(sql, [])])
  await prepareOutcome(lane)
  await lane.roundTrip((sql) => [statements.readHistory(sql, { userID: NOBODY, limit: 1 })])
  await lane.roundTrip((sql) => [statements.readMigration(sql, '')])
  await lane.roundTrip((sql) => [statements.rollback(sql)])
}

/** And for those who look at the ledger. */
export async function prepareInspection(lane: Lane): Promise<void> {
  await lane.roundTrip((sql) => [statements.begin(sql)])
  await lane.roundTrip((sql) => [statements.findWallets(sql, '', 1)])
  await lane.roundTrip((sql) => [statements.readTransactionsByID(sql, NO_ID)])
  await lane.roundTrip((sql) => [statements.readRefusalsByID(sql, NO_ID)])
  await lane.roundTrip((sql) => [statements.readEnds(sql, { userID: NOBODY })])
  await lane.roundTrip((sql) => [statements.readBalances(sql, NOBODY, [])])
  await lane.roundTrip((sql) => [statements.readLastAudit(sql)])
  await lane.roundTrip((sql) => [statements.rollback(sql)])
}
