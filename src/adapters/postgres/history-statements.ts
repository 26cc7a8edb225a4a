import { MAX_NEWS, type Position } from '../../domain/follow.ts'
import { type HistoryQuery, MAX_LOOKED_AT } from '../../domain/history.ts'
import { after, type Instant, latest } from '../../domain/instant.ts'
import type { Reference } from '../../domain/note.ts'
import { TransactionType } from '../../domain/transaction.ts'
import { plainArray, textArray } from './arrays.ts'
import type { HistoryRow, TransactionRow } from './rows.ts'
import type { Sql } from './sql.ts'

/* How a page of a wallet's history is read; statements.ts says how statements are written. */

const ALL_TYPES = Object.values(TransactionType)

/**
 * A page, which begins where both upper bounds allow and reads one range of the index on time from there: time rises with
 * id, so `idBefore` is the time of the first transaction that is not below it. Of a type that is rare the page ends at
 * the transaction after the last that it looks at, whatever its type: that one says that there are more.
 */
export const readHistory = (sql: Sql, query: HistoryQuery) => sql<HistoryRow[]>`
  WITH page AS MATERIALIZED (
    SELECT user_id, id, transaction_id, type, amount, passive_user_id, balance, place, created_at
    FROM (
      SELECT user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at,
             row_number() OVER (ORDER BY created_at DESC, id DESC) AS place
      FROM user_wallet_transaction
      WHERE user_id = ${query.userID}::text
        AND created_at > coalesce(${timestamp(sql, lowerBound(query))}, '-infinity')
        AND created_at < least(${timestamp(sql, query.createdBefore)}, (
              SELECT created_at FROM user_wallet_transaction
              WHERE user_id = ${query.userID}::text AND id >= ${bound(sql, query.idBefore)}
              ORDER BY id
              LIMIT 1
            ), 'infinity')
      ORDER BY created_at DESC, id DESC
      LIMIT ${String(MAX_LOOKED_AT + 1)}::bigint
    ) AS newest
    WHERE ${wanted(sql, query)}
    ORDER BY newest.created_at DESC, newest.id DESC
    LIMIT ${String(query.limit + 1)}::bigint
  ), notes AS MATERIALIZED (
    SELECT id, reference, metadata FROM user_wallet_note
    WHERE user_id = ${query.userID}::text
      AND id BETWEEN (SELECT min(id) FROM page) AND (SELECT max(id) FROM page)
  )
  SELECT user_id, id, transaction_id, type, amount, passive_user_id, balance, place, reference, metadata::text AS metadata,
         (extract(epoch FROM page.created_at) * 1000000)::bigint AS created_at
  FROM page LEFT JOIN notes USING (id)
  ORDER BY page.created_at DESC, id DESC`

/** The same of the transactions under a reference: one range of the index on references, of which the bounds are ids. */
export const readReferenced = (sql: Sql, query: HistoryQuery, reference: Reference) => sql<HistoryRow[]>`
  SELECT newest.user_id, newest.id, transaction_id, type, amount, passive_user_id, balance, place, newest.reference,
         newest.metadata::text AS metadata, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
  FROM (
    SELECT user_id, id, reference, metadata, row_number() OVER (ORDER BY id DESC) AS place
    FROM user_wallet_note
    WHERE reference = ${reference}::text AND user_id = ${query.userID}::text
      AND id < least(${bound(sql, query.idBefore)}, (
            SELECT id FROM user_wallet_transaction
            WHERE user_id = ${query.userID}::text AND created_at >= ${timestamp(sql, query.createdBefore)}
            ORDER BY created_at, id
            LIMIT 1
          ), 9223372036854775807)
      AND id > coalesce((
            SELECT id FROM user_wallet_transaction
            WHERE user_id = ${query.userID}::text AND created_at <= ${timestamp(sql, lowerBound(query))}
            ORDER BY created_at DESC, id DESC
            LIMIT 1
          ), 0)
    ORDER BY id DESC
    LIMIT ${String(MAX_LOOKED_AT + 1)}::bigint
  ) AS newest
  JOIN user_wallet_transaction t ON t.user_id = ${query.userID}::text AND t.id = newest.id
  WHERE ${wanted(sql, query)}
  ORDER BY newest.id DESC
  LIMIT ${String(query.limit + 1)}::bigint`

/** What came behind each position. Ids have no gap: so many transactions are so many ids, and the index on them ends there. */
export const readNews = (sql: Sql, positions: readonly Position[]) => sql<TransactionRow[]>`
  WITH reader AS MATERIALIZED (
    SELECT * FROM unnest(${textArray(positions, ({ userID }) => userID)}::text[], ${plainArray(positions, ({ after }) => after)}::bigint[])
      AS r (user_id, after)
  )
  SELECT t.user_id, t.id, t.transaction_id, t.type, t.amount, t.passive_user_id, t.balance,
         (extract(epoch FROM t.created_at) * 1000000)::bigint AS created_at, n.reference, n.metadata::text AS metadata
  FROM reader JOIN user_wallet_transaction t
         ON t.user_id = reader.user_id AND t.id > reader.after AND t.id <= reader.after + ${String(MAX_NEWS)}::bigint
       LEFT JOIN user_wallet_note n ON n.user_id = t.user_id AND n.id = t.id
  ORDER BY t.user_id, t.id`

/** Of a page: what was asked for, and the first that is beyond those that are looked at. */
const wanted = (sql: Sql, { types = ALL_TYPES }: HistoryQuery) => sql`
  (type = ANY (${plainArray(types, (type) => type)}::smallint[]) OR place > ${String(MAX_LOOKED_AT)}::bigint)`

/** The later of both, as an exclusive one. */
export function lowerBound({
  createdAfter,
  createdFrom,
}: Pick<HistoryQuery, 'createdAfter' | 'createdFrom'>): Instant | undefined {
  if (createdFrom === undefined) return createdAfter
  const justBefore = after(createdFrom, -1n)
  return createdAfter === undefined ? justBefore : latest(createdAfter, justBefore)
}

/** NULL if there is no such bound. A parameter itself is never NULL. */
const bound = (sql: Sql, value: bigint | undefined) =>
  sql`nullif(${value === undefined ? '' : String(value)}::text, '')::bigint`

export const timestamp = (sql: Sql, instant: Instant | undefined) =>
  sql`timestamptz 'epoch' + ${bound(sql, instant)} * interval '1 microsecond'`
