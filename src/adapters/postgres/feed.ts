import type { Epoch } from '../../domain/epoch.ts'
import {
  FEED_START,
  type FeedAnswer,
  type FeedEntry,
  type FeedPosition,
  type FeedQuery,
  isSamePosition,
  toFeedPage,
} from '../../domain/feed.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { FeedEnd } from '../../ports/inspection.ts'
import type { FeedHold } from '../../ports/wallet-store.ts'
import type { Connection } from './connection.ts'
import * as feedStatements from './feed-statements.ts'
import { type FeedRow, toTransaction } from './rows.ts'

/*
 * The transactions of all wallets in one order. The workers of a Citus count their transactions each by itself, and commit
 * one after the other: there it can't be read.
 */

/** One page, in one round trip. */
export async function readFeed(connection: Connection, query: FeedQuery): Promise<FeedAnswer> {
  if (connection.isDistributed()) return { kind: 'unavailable' }
  const [places, rows] = await connection.roundTrip((sql) => [
    feedStatements.readPlace(sql, query.after),
    feedStatements.readFeed(sql, query),
  ])
  const { after } = query
  const fromStart = isSamePosition(after, FEED_START)
  // Each statement says the epoch that it has seen: the ledger may be declared restored between the two.
  const seenIn = [...places, ...rows].map(({ epoch }) => epoch as Epoch)
  if (!fromStart && (places.length === 0 || seenIn.some((epoch) => epoch !== after.epoch))) return { kind: 'gone' }
  return { kind: 'page', page: toFeedPage(query, rows.map(toEntry), seenIn[0] ?? after.epoch) }
}

/** The page that ends where the feed ends now, by its index, from there backwards. */
export async function readNewest(connection: Connection, limit: number): Promise<FeedEnd> {
  if (connection.isDistributed()) return { kind: 'unavailable' }
  const [rows] = await connection.roundTrip((sql) => [feedStatements.readNewest(sql, limit)])
  const epoch = (rows[0]?.epoch ?? FEED_START.epoch) as Epoch
  return { kind: 'page', page: toFeedPage({ after: FEED_START, limit }, rows.map(toEntry).reverse(), epoch) }
}

function toEntry(row: FeedRow): FeedEntry {
  return { number: BigInt(row.feed_number), transaction: toTransaction(row), wanted: row.wanted }
}

/** Where the feed ends now. */
export async function readFeedEnd(connection: Connection): Promise<FeedPosition> {
  if (connection.isDistributed()) return FEED_START
  const [[last]] = await connection.roundTrip((sql) => [feedStatements.readFeedEnd(sql)])
  if (last === undefined) return FEED_START
  return {
    number: BigInt(last.feed_number),
    userID: last.user_id as UserID,
    id: BigInt(last.id),
    transactionID: last.transaction_id as TransactionID,
    epoch: last.epoch as Epoch,
  }
}

/** What holds the feed back. */
export async function readFeedHold(connection: Connection): Promise<FeedHold | undefined> {
  if (connection.isDistributed()) return undefined
  const [[row]] = await connection.roundTrip((sql) => [feedStatements.readFeedHold(sql)])
  if (row === undefined) return undefined
  const { oldest, next, prepared } = row
  return { oldest: oldest === next ? undefined : oldest, prepared: Number(prepared) }
}
