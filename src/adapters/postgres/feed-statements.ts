import { type FeedPosition, type FeedQuery, lookedAt } from '../../domain/feed.ts'
import { epoch } from './epoch-statements.ts'
import type { FeedHoldRow, FeedPlaceRow, FeedRow } from './rows.ts'
import type { Sql } from './sql.ts'

/* The order of the feed, and how it is read: docs/decisions/feed.md. statements.ts says how statements are written. */

const offset = (sql: Sql) => sql`coalesce((SELECT max(added) FROM feed_offset), 0)`

/**
 * The place of what a transaction writes, once it holds its locks: no less than its own number, and no less than the place of
 * anyone who was committed before, so that the rows of one wallet come in the order of their ids. Migration 0006 has the same.
 */
export const feedNumber = (sql: Sql) => sql`
  ${offset(sql)} + greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1)`

/** No transaction that is under way, or to come, has a place below it. To be read with the rows, in one statement. */
export const horizon = (sql: Sql) => sql`
  (SELECT ${offset(sql)} + pg_snapshot_xmin(pg_current_snapshot())::text::bigint)`

/**
 * If the transaction numbers to come are not above those that the ledger has, which were another cluster's, adds to them. Of
 * several who see that at once one does.
 */
export const keepNumbersRising = (sql: Sql) => sql<[]>`
  INSERT INTO feed_offset (added)
  SELECT last.feed_number
  FROM (SELECT feed_number FROM user_wallet_transaction ORDER BY feed_number DESC LIMIT 1) AS last
  WHERE ${offset(sql)} + pg_snapshot_xmax(pg_current_snapshot())::text::bigint <= last.feed_number
  ON CONFLICT (added) DO NOTHING`

/** Those that are wanted, one more than the page holds at most, and the last that was looked at. */
export const readFeed = (sql: Sql, query: FeedQuery) => sql<FeedRow[]>`
  WITH seen AS MATERIALIZED (
    SELECT user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at, feed_number
    FROM user_wallet_transaction
    WHERE (feed_number, user_id, id)
            > (${String(query.after.number)}::bigint, ${query.after.userID}::text, ${String(query.after.id)}::bigint)
      AND feed_number < ${horizon(sql)}
    ORDER BY feed_number, user_id, id
    LIMIT ${String(lookedAt(query))}::bigint
  ), judged AS (
    SELECT seen.*, note.reference, note.metadata,
           ${query.userID ?? ''}::text IN ('', seen.user_id)
             AND (${query.reference ?? ''}::text = '' OR note.reference IS NOT DISTINCT FROM ${query.reference ?? ''}::text) AS wanted,
           lead(1) OVER (ORDER BY feed_number, seen.user_id, seen.id) IS NULL AS last
    FROM seen
    LEFT JOIN LATERAL (
      SELECT reference, metadata FROM user_wallet_note n WHERE n.user_id = seen.user_id AND n.id = seen.id LIMIT 1
    ) AS note ON true
  )
  SELECT user_id, id, transaction_id, type, amount, passive_user_id, balance, feed_number, reference,
         metadata::text AS metadata, wanted, ${epoch(sql)} AS epoch, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
  FROM judged
  WHERE wanted OR last
  ORDER BY feed_number, judged.user_id, judged.id
  LIMIT ${String(query.limit + 1)}::bigint`

/** A row if the ledger has the transaction that was read last, at its place. */
export const readPlace = (sql: Sql, { number, userID, id, transactionID }: FeedPosition) => sql<FeedPlaceRow[]>`
  SELECT feed_number, user_id, id, transaction_id, ${epoch(sql)} AS epoch
  FROM user_wallet_transaction
  WHERE user_id = ${userID}::text AND id = ${String(id)}::bigint
    AND transaction_id = ${transactionID}::uuid AND feed_number = ${String(number)}::bigint`

/** The last that may be given. */
export const readFeedEnd = (sql: Sql) => sql<FeedPlaceRow[]>`
  SELECT feed_number, user_id, id, transaction_id, ${epoch(sql)} AS epoch
  FROM user_wallet_transaction
  WHERE feed_number < ${horizon(sql)}
  ORDER BY feed_number DESC, user_id DESC, id DESC
  LIMIT 1`

/** The last ones that may be given, newest first. */
export const readNewest = (sql: Sql, limit: number) => sql<FeedRow[]>`
  SELECT newest.user_id, newest.id, transaction_id, type, amount, passive_user_id, balance, feed_number, reference,
         metadata::text AS metadata, true AS wanted, ${epoch(sql)} AS epoch, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
  FROM (
    SELECT user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at, feed_number
    FROM user_wallet_transaction
    WHERE feed_number < ${horizon(sql)}
    ORDER BY feed_number DESC, user_id DESC, id DESC
    LIMIT ${String(limit)}::bigint
  ) AS newest
  LEFT JOIN LATERAL (
    SELECT reference, metadata FROM user_wallet_note n WHERE n.user_id = newest.user_id AND n.id = newest.id LIMIT 1
  ) AS note ON true
  ORDER BY feed_number DESC, newest.user_id DESC, newest.id DESC`

/** The oldest transaction that is under way, or the next one if none is, and those that someone has left prepared. */
export const readFeedHold = (sql: Sql) => sql<FeedHoldRow[]>`
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest, pg_snapshot_xmax(pg_current_snapshot())::text AS next,
         (SELECT count(*) FROM pg_prepared_xacts) AS prepared`
