import { toInstant } from '../../domain/instant.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Lane } from './lane.ts'
import * as statements from './statements.ts'

const NOBODY = '' as UserID
const NO_FENCE = '0'
const NO_RANGE = { from: 1n, before: 1n }
const THEN = toInstant(0n)

/** Runs every statement of a batch once, on nothing. Each alone: see {@link openLane}. */
export async function prepareWrites(lane: Lane): Promise<void> {
  await lane.roundTrip((sql) => [statements.begin(sql)])
  await lane.roundTrip((sql) => [statements.lockWallets(sql, [])])
  await lane.roundTrip((sql) => [statements.readKnown(sql, [])])
  await lane.roundTrip((sql) => [statements.insertTransactions(sql, NO_FENCE, [])])
  await lane.roundTrip((sql) => [statements.updateWallets(sql, NO_FENCE, [])])
  await lane.roundTrip((sql) => [statements.insertRefusals(sql, NO_FENCE, [])])
  await lane.roundTrip((sql) => [statements.rollback(sql)])
}

/** The same for everything that is not a batch. */
export async function prepareReads(lane: Lane): Promise<void> {
  await lane.roundTrip((sql) => [statements.begin(sql)])
  await lane.roundTrip((sql) => [statements.insertWallets(sql, [])])
  await lane.roundTrip((sql) => [statements.readWallets(sql, [])])
  await lane.roundTrip((sql) => [statements.readOutcomes(sql, [])])
  await lane.roundTrip((sql) => [statements.readVersion(sql, NOBODY)])
  await lane.roundTrip((sql) => [statements.firstIDFrom(sql, NOBODY, THEN)])
  await lane.roundTrip((sql) => [statements.readHistory(sql, NOBODY, NO_RANGE, [], 1)])
  await lane.roundTrip((sql) => [statements.readMigration(sql, '')])
  await lane.roundTrip((sql) => [statements.rollback(sql)])
}
