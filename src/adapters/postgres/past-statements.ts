import type { Instant } from '../../domain/instant.ts'
import { MAX_TOTALLED, type Period } from '../../domain/past.ts'
import type { UserID } from '../../domain/user-id.ts'
import { timestamp } from './history-statements.ts'
import type { StatementRow, WalletRow } from './rows.ts'
import type { Sql } from './sql.ts'

/* How a wallet was; statements.ts says how statements are written. */

/**
 * The wallet as it was before a moment; no row if it was not open. Of its changes of state, which people make, those since
 * then are passed over one by one.
 */
export const readWalletBefore = (sql: Sql, userID: UserID, before: Instant) => sql<WalletRow[]>`
  SELECT w.user_id, coalesce(last.balance, 0) AS balance, coalesce(last.id, 0) AS version, change.state,
         (extract(epoch FROM w.created_at) * 1000000)::bigint AS created_at,
         (extract(epoch FROM coalesce(last.created_at, w.created_at)) * 1000000)::bigint AS updated_at
  FROM user_wallet w
       LEFT JOIN (${lastBefore(sql, userID, before)}) AS last ON true
       LEFT JOIN (
         SELECT state FROM user_wallet_state_change
         WHERE user_id = ${userID}::text AND changed_at < ${timestamp(sql, before)}
         ORDER BY id DESC
         LIMIT 1
       ) AS change ON true
  WHERE w.user_id = ${userID}::text AND w.created_at < ${timestamp(sql, before)}`

/**
 * Both ends of a period, each an index look-up, and a row for each type that occurs in it: one range of the index on time,
 * which is not read if it is too long. One statement, so that all of it is of one moment. No row if there is no wallet.
 */
export const readStatement = (sql: Sql, { userID, from, to }: Period) => sql<StatementRow[]>`
  WITH ends AS MATERIALIZED (
    SELECT coalesce(opening.id, 0) AS opening_version, coalesce(opening.balance, 0) AS opening,
           coalesce(closing.id, 0) AS closing_version, coalesce(closing.balance, 0) AS closing
    FROM user_wallet w
         LEFT JOIN (${lastBefore(sql, userID, from)}) AS opening ON true
         LEFT JOIN (${lastBefore(sql, userID, to)}) AS closing ON true
    WHERE w.user_id = ${userID}::text
  ), totals AS MATERIALIZED (
    SELECT type, count(*) AS count, sum(amount)::text AS amount
    FROM user_wallet_transaction
    WHERE user_id = ${userID}::text
      AND created_at >= ${timestamp(sql, from)} AND created_at < ${timestamp(sql, to)}
      AND (SELECT closing_version - opening_version FROM ends) <= ${String(MAX_TOTALLED)}::bigint
    GROUP BY type
  )
  SELECT opening_version, opening, closing_version, closing, type, count, amount
  FROM ends LEFT JOIN totals ON true`

const lastBefore = (sql: Sql, userID: UserID, before: Instant) => sql`
  SELECT id, balance, created_at FROM user_wallet_transaction
  WHERE user_id = ${userID}::text AND created_at < ${timestamp(sql, before)}
  ORDER BY created_at DESC, id DESC
  LIMIT 1`
