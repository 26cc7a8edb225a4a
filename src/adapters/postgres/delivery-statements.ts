import type { FeedPosition } from '../../domain/feed.ts'
import { horizon } from './feed-statements.ts'
import type { DeliveryRow } from './rows.ts'
import type { Sql } from './sql.ts'

/* How far the webhook has come; statements.ts says how statements are written. */

/** Takes the lock of this name, which one session has at a time, until that session ends; nothing if there is no name. */
export const takeLock = (sql: Sql, name: string) => sql<{ ours: boolean }[]>`
  SELECT pg_try_advisory_lock(hashtextextended(${name}::text, 0)) AS ours WHERE ${name}::text <> ''`

/** The server ends a session, and with it its locks, that has said nothing for so long. */
export const boundSilence = (sql: Sql, ms: number) => sql<[]>`
  SELECT set_config('idle_session_timeout', ${String(ms)}::text, false)`

/*
 * What writes is prepared with `really` false, and then locks nothing that the one who delivers would have to wait for. It goes as
 * text, since the package makes `f` of every boolean that is not its own.
 */

export const insertDelivery = (
  sql: Sql,
  { number, userID, id, transactionID, epoch }: FeedPosition,
  really = true,
) => sql<[]>`
  INSERT INTO webhook_delivery (feed_number, user_id, id, transaction_id, epoch)
  SELECT ${String(number)}::bigint, ${userID}::text, ${String(id)}::bigint, ${transactionID}::uuid, ${epoch}::text
  WHERE ${String(really)}::text::boolean
  ON CONFLICT (only_one) DO NOTHING`

export const readDelivery = (sql: Sql) => sql<DeliveryRow[]>`
  SELECT feed_number, user_id, id, transaction_id, epoch, batch_size, failures, last_error,
         (extract(epoch FROM delivered_at) * 1000000)::bigint AS delivered_at,
         (extract(epoch FROM failing_since) * 1000000)::bigint AS failing_since,
         coalesce((
           SELECT greatest(0, (extract(epoch FROM clock_timestamp() - t.created_at) * 1000)::bigint)
           FROM user_wallet_transaction t
           WHERE (t.feed_number, t.user_id, t.id) > (d.feed_number, d.user_id, d.id) AND t.feed_number < ${horizon(sql)}
           ORDER BY t.feed_number, t.user_id, t.id
           LIMIT 1
         ), 0) AS behind_ms
  FROM webhook_delivery d`

export const keepBatch = (sql: Sql, size: number, really = true) => sql<[]>`
  UPDATE webhook_delivery SET batch_size = ${String(size)}::integer WHERE only_one = ${String(really)}::text::boolean`

export const keepDelivered = (
  sql: Sql,
  { number, userID, id, transactionID, epoch }: FeedPosition,
  really = true,
) => sql<[]>`
  UPDATE webhook_delivery
  SET feed_number = ${String(number)}::bigint, user_id = ${userID}::text, id = ${String(id)}::bigint,
      transaction_id = ${transactionID}::uuid, epoch = ${epoch}::text, batch_size = 0, delivered_at = now(),
      failing_since = NULL, failures = 0, last_error = NULL
  WHERE only_one = ${String(really)}::text::boolean`

export const keepFailure = (sql: Sql, error: string, really = true) => sql<[]>`
  UPDATE webhook_delivery
  SET failing_since = coalesce(failing_since, now()), failures = failures + 1, last_error = ${error}::text
  WHERE only_one = ${String(really)}::text::boolean`
