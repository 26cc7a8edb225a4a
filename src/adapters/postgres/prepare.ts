import { FEED_START } from '../../domain/feed.ts'
import { toInstant } from '../../domain/instant.ts'
import type { Reference } from '../../domain/note.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Connection } from './connection.ts'
import * as deliveryStatements from './delivery-statements.ts'
import { dialectOf } from './dialect.ts'
import * as epochStatements from './epoch-statements.ts'
import * as feedStatements from './feed-statements.ts'
import * as historyStatements from './history-statements.ts'
import * as inspectionStatements from './inspection-statements.ts'
import * as pastStatements from './past-statements.ts'
import * as statements from './statements.ts'

const NOBODY = '' as UserID
const NO_ID = '00000000-0000-8000-8000-000000000000' as TransactionID
const NO_REFERENCE = '' as Reference
const NO_XID = '0'
const NO_TIME = toInstant(0n)
const NO_MARK = { xid: NO_XID, feed_number: '0' }

/**
 * For the feed, on each new connection: an instance at work may find the ledger in another cluster when it connects again.
 * Where the feed can't be read, nothing depends on it.
 */
async function keepNumbersRising(connection: Connection): Promise<void> {
  if (!connection.isDistributed()) await connection.roundTrip((sql) => [feedStatements.keepNumbersRising(sql)])
}

/** Runs every statement of a batch once, on nothing. Each alone: see {@link openConnection}. */
export async function prepareWrites(connection: Connection): Promise<void> {
  const dialect = dialectOf(connection)
  await keepNumbersRising(connection)
  await connection.roundTrip((sql) => [statements.begin(sql)])
  await dialect.prepareLock(connection)
  await connection.roundTrip((sql) => [statements.insertTransactions(sql, NO_MARK, [])])
  await connection.roundTrip((sql) => [dialect.updateWallets(sql, NO_XID, [])])
  await connection.roundTrip((sql) => [statements.insertNotes(sql, NO_XID, [])])
  await connection.roundTrip((sql) => [statements.lockAbsence(sql, [])])
  await connection.roundTrip((sql) => [statements.readWallets(sql, [])])
  await connection.roundTrip((sql) => [statements.insertRefusals(sql, NO_XID, [])])
  await connection.roundTrip((sql) => [statements.rollback(sql)])
}

/** The same for everything that is not a batch. */
export async function prepareReads(connection: Connection): Promise<void> {
  await keepNumbersRising(connection)
  await connection.roundTrip((sql) => [statements.begin(sql)])
  await connection.roundTrip((sql) => [dialectOf(connection).insertWallets(sql, [])])
  await connection.roundTrip((sql) => [statements.readWallets(sql, [])])
  await dialectOf(connection).prepareOutcomes(connection)
  await dialectOf(connection).prepareLock(connection)
  await connection.roundTrip((sql) => [statements.readLastChange(sql, NOBODY)])
  await connection.roundTrip((sql) => [statements.insertStateChange(sql, NO_XID, [])])
  await connection.roundTrip((sql) => [statements.updateState(sql, NO_XID, NOBODY, 'open')])
  await prepareHistory(connection)
  await connection.roundTrip((sql) => [historyStatements.readNews(sql, [])])
  await connection.roundTrip((sql) => [statements.readTime(sql)])
  await connection.roundTrip((sql) => [epochStatements.readEpochs(sql)])
  await connection.roundTrip((sql) => [statements.lockShared(sql, NOBODY)])
  await connection.roundTrip((sql) => [pastStatements.readWalletBefore(sql, NOBODY, NO_TIME)])
  await connection.roundTrip((sql) => [
    pastStatements.readStatement(sql, { userID: NOBODY, from: NO_TIME, to: NO_TIME }),
  ])
  if (!connection.isDistributed()) await prepareFeed(connection)
  await connection.roundTrip((sql) => [statements.readMigration(sql, '')])
  await connection.roundTrip((sql) => [statements.rollback(sql)])
}

/** And on a standby, where nothing can be written. */
export async function prepareStandby(connection: Connection): Promise<void> {
  await connection.roundTrip((sql) => [statements.begin(sql)])
  await connection.roundTrip((sql) => [statements.readWallets(sql, [])])
  await prepareHistory(connection)
  await connection.roundTrip((sql) => [statements.rollback(sql)])
  await preparePosition(connection)
}

/** On either server, to compare the two. */
export async function preparePosition(connection: Connection): Promise<void> {
  await connection.roundTrip((sql) => [statements.readPosition(sql)])
}

async function prepareHistory(connection: Connection): Promise<void> {
  await connection.roundTrip((sql) => [historyStatements.readHistory(sql, { userID: NOBODY, limit: 1 })])
  await connection.roundTrip((sql) => [
    historyStatements.readReferenced(sql, { userID: NOBODY, limit: 1 }, NO_REFERENCE),
  ])
}

async function prepareFeed(connection: Connection): Promise<void> {
  await connection.roundTrip((sql) => [feedStatements.readFeed(sql, { after: FEED_START, limit: 1 })])
  await connection.roundTrip((sql) => [feedStatements.readPlace(sql, FEED_START)])
  await connection.roundTrip((sql) => [feedStatements.readFeedEnd(sql)])
  await connection.roundTrip((sql) => [feedStatements.readFeedHold(sql)])
}

/** And for those who look at the ledger. */
export async function prepareInspection(connection: Connection): Promise<void> {
  await connection.roundTrip((sql) => [statements.begin(sql)])
  await connection.roundTrip((sql) => [inspectionStatements.findWallets(sql, '', 1)])
  await connection.roundTrip((sql) => [inspectionStatements.readTransactionsByID(sql, NO_ID)])
  await connection.roundTrip((sql) => [inspectionStatements.readRefusalsByID(sql, NO_ID)])
  await connection.roundTrip((sql) => [inspectionStatements.readTransactionsByReference(sql, NO_REFERENCE, 1)])
  await connection.roundTrip((sql) => [inspectionStatements.readStateChanges(sql, NOBODY, 1)])
  await connection.roundTrip((sql) => [inspectionStatements.readEnds(sql, { userID: NOBODY })])
  await connection.roundTrip((sql) => [inspectionStatements.readBalances(sql, NOBODY, [])])
  await connection.roundTrip((sql) => [inspectionStatements.readLastAudit(sql)])
  if (!connection.isDistributed()) await connection.roundTrip((sql) => [feedStatements.readNewest(sql, 1)])
  if (!connection.isDistributed()) await connection.roundTrip((sql) => [deliveryStatements.readDelivery(sql)])
  await connection.roundTrip((sql) => [statements.rollback(sql)])
}

/** And for the one who delivers, whose session the server ends after so long a silence. */
export async function prepareDelivery(connection: Connection, silenceMs: number): Promise<void> {
  await connection.roundTrip((sql) => [deliveryStatements.boundSilence(sql, silenceMs)])
  await connection.roundTrip((sql) => [deliveryStatements.takeLock(sql, '')])
  await connection.roundTrip((sql) => [statements.begin(sql)])
  await connection.roundTrip((sql) => [feedStatements.readFeedEnd(sql)])
  await connection.roundTrip((sql) => [deliveryStatements.insertDelivery(sql, FEED_START, false)])
  await connection.roundTrip((sql) => [deliveryStatements.readDelivery(sql)])
  await connection.roundTrip((sql) => [deliveryStatements.keepBatch(sql, 0, false)])
  await connection.roundTrip((sql) => [deliveryStatements.keepDelivered(sql, FEED_START, false)])
  await connection.roundTrip((sql) => [deliveryStatements.keepFailure(sql, '', false)])
  await connection.roundTrip((sql) => [statements.rollback(sql)])
}
