import type { UserID } from '../../domain/user-id.ts'
import type { Wallet } from '../../domain/wallet.ts'
import { plainArray, textArray } from './arrays.ts'
import { epoch } from './epoch-statements.ts'
import { feedNumber } from './feed-statements.ts'
import type { ClockRow, OutcomeRow, WalletRow } from './rows.ts'
import type { Sql } from './sql.ts'
import { absenceIsLocked, type IDOfUser } from './statements.ts'

/*
 * The statements that have another form if the tables are distributed by user_id over the workers of a Citus
 * (docs/decisions/citus.md). Each names the users a second time, as a list that can be read before it is executed: from
 * it the coordinator sees which shards to ask. Without it every shard of every worker takes part in every batch.
 */

/** No user has this ID. Of a list that is empty the coordinator would make all shards, of this it makes one. */
const NOBODY = ''

function users(userIDs: readonly UserID[]): string {
  return textArray<string>(userIDs.length === 0 ? [NOBODY] : userIDs, (userID) => userID)
}

/*
 * Of the bounds that a connection has by itself its workers know nothing. These two they are told with the transaction: a lock
 * there is given up as early as elsewhere, and those of a coordinator that is gone without a word are given back. SET
 * takes no parameters; a test compares them with TIMEOUTS_MS.
 */
export const boundLocks = (sql: Sql) => sql<[]>`SET LOCAL lock_timeout = 1000`
export const boundRest = (sql: Sql) => sql<[]>`SET LOCAL idle_in_transaction_session_timeout = 1500`

/** `FOR UPDATE` goes to one shard at a time, so a function does it: shard after shard in their order, in userID order in each. */
export const lockWallets = (sql: Sql, userIDs: Iterable<UserID>) => sql<WalletRow[]>`
  SELECT user_id, balance, version, state,
         (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
         (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at
  FROM lock_wallets(${textArray([...userIDs], (userID) => userID)}::text[])`

/** Those that were missing, as they are now; in the same order. */
export const insertWallets = (sql: Sql, userIDs: readonly UserID[]) => sql<WalletRow[]>`
  SELECT user_id, balance, version, state,
         (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
         (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at
  FROM open_wallets(${textArray([...new Set(userIDs)], (userID) => userID)}::text[])
  WHERE ${absenceIsLocked(sql, userIDs)}`

/** The coordinator's clock, which is the only one that counts, and its transaction, which those on the workers hang on. */
export const readClock = (sql: Sql) => sql<ClockRow[]>`
  SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now, pg_current_xact_id()::text AS xid,
         ${feedNumber(sql)} AS feed_number, ${epoch(sql)} AS epoch`

/**
 * What the IDs' own users did with them. As a subquery the UNION goes to each shard as it is; without one around it both
 * halves would be gathered here first. The notes lie beside what they belong to.
 */
export const readOutcomes = (sql: Sql, ids: readonly IDOfUser[]) => sql<OutcomeRow[]>`
  SELECT known.user_id, known.id, known.transaction_id, known.type, known.amount, known.passive_user_id, known.balance,
         known.code, known.request_id, known.reference, known.metadata::text AS metadata,
         (extract(epoch FROM known.created_at) * 1000000)::bigint AS created_at
  FROM (
    SELECT t.user_id, t.id, t.transaction_id, t.type, t.amount, t.passive_user_id, t.balance,
           NULL::text AS code, NULL::text AS request_id, t.created_at, n.reference, n.metadata
    FROM (${wanted(sql, ids)}) AS w
    JOIN user_wallet_transaction t ON t.transaction_id = w.transaction_id AND t.user_id = w.user_id
    LEFT JOIN user_wallet_note n ON n.user_id = t.user_id AND n.id = t.id
      AND n.user_id = ANY (${users(ids.map(({ userID }) => userID))}::text[])
    WHERE t.user_id = ANY (${users(ids.map(({ userID }) => userID))}::text[])
    UNION ALL
    SELECT r.user_id, NULL::bigint, r.transaction_id, r.type, r.amount, r.passive_user_id, NULL::bigint,
           r.code, r.request_id, r.created_at, n.reference, n.metadata
    FROM (${wanted(sql, ids)}) AS w
    JOIN user_wallet_refusal r ON r.transaction_id = w.transaction_id AND r.user_id = w.user_id
    LEFT JOIN user_wallet_note n ON n.user_id = r.user_id AND n.transaction_id = r.transaction_id AND n.id IS NULL
      AND n.user_id = ANY (${users(ids.map(({ userID }) => userID))}::text[])
    WHERE r.user_id = ANY (${users(ids.map(({ userID }) => userID))}::text[])
  ) AS known`

const wanted = (sql: Sql, ids: readonly IDOfUser[]) => sql`
  SELECT * FROM unnest(${plainArray(ids, (id) => id.transactionID)}::uuid[], ${textArray(ids, (id) => id.userID)}::text[])
    AS w (transaction_id, user_id)`

/**
 * The fence is compared once, on the coordinator, whose transaction it is: it refers to no column. What does may not
 * depend on the time zone there, so the instant is put together without one.
 */
export const updateWallets = (sql: Sql, xid: string, rows: readonly Wallet[]) => sql<[]>`
  UPDATE user_wallet w
  SET balance = new.balance, version = new.version,
      updated_at = (timestamp 'epoch' + new.updated_at * interval '1 microsecond') AT TIME ZONE 'UTC'
  FROM unnest(
         ${textArray(rows, (row) => row.userID)}::text[],
         ${plainArray(rows, (row) => row.balance)}::bigint[],
         ${plainArray(rows, (row) => row.version)}::bigint[],
         ${plainArray(rows, (row) => row.updatedAt)}::bigint[])
       AS new (user_id, balance, version, updated_at)
  WHERE w.user_id = new.user_id AND w.user_id = ANY (${users(rows.map(({ userID }) => userID))}::text[])
    AND pg_current_xact_id() = ${xid}::xid8`
