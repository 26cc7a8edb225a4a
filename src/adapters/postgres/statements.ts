import type { ServerRole } from '../../../db/hosts.ts'
import type { Command } from '../../domain/command.ts'
import { typeOf } from '../../domain/movement.ts'
import type { Note } from '../../domain/note.ts'
import type { Refusal } from '../../domain/outcome.ts'
import type { Transaction } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Wallet } from '../../domain/wallet.ts'
import type { StateChange, WalletState } from '../../domain/wallet-state.ts'
import { plainArray, textArray } from './arrays.ts'
import { epoch } from './epoch-statements.ts'
import { feedNumber } from './feed-statements.ts'
import type { ClockRow, KnownRow, PositionRow, StateChangeRow, WalletRow, WriteMark } from './rows.ts'
import type { Sql } from './sql.ts'

/*
 * Every statement of the service, one function each: those of batches and of single wallets here, those of history and of the
 * console in files of their own. All parameters are text that we serialised, with a cast beside
 * them, so that one statement has one signature and is prepared once. Instants travel as microseconds since 1970.
 */

/** A transaction ID with the user that it was issued to, in whose part of the ledger its outcome stands. */
export type IDOfUser = Pick<Command, 'userID' | 'transactionID'>

/** A note to be kept; `id` is that of its transaction, and `undefined` for a refusal. */
export interface NewNote extends IDOfUser {
  readonly id: bigint | undefined
  readonly note: Note
}

/**
 * The package writes 1024 bytes and more at once, and holds back less to the end of the event loop's turn, where many
 * requests may have their turn first. Nothing comes after a commit that would carry it along; blanks do.
 */
const COMMIT = 'COMMIT'.padEnd(1024)

export const begin = (sql: Sql) => sql`BEGIN`
export const commit = (sql: Sql) => sql.unsafe<[]>(COMMIT)
export const rollback = (sql: Sql) => sql`ROLLBACK`

/**
 * If the tables are distributed over the workers of a Citus, says so with a row, and makes the connection fit for
 * that: a plan is made for the values of its parameters if it depends on them, since they say which shards it goes
 * to; a batch has one connection to each worker, which holds all its locks there and is all that has to be prepared; and
 * what is set for a transaction is set there too.
 * The function is there if the tables were distributed, and only then (db/distribute.ts).
 */
export const adaptToCitus = (sql: Sql) => sql<{ distributed: true }[]>`
  SELECT true AS distributed, set_config('plan_cache_mode', 'auto', false),
         set_config('citus.max_adaptive_executor_pool_size', '1', false),
         set_config('citus.propagate_set_commands', 'local', false)
  WHERE to_regprocedure('lock_wallets(text[])') IS NOT NULL`

/** Locks the wallets that exist, in userID order, so that no two transactions wait for each other. */
export const lockWallets = (sql: Sql, userIDs: Iterable<UserID>) => sql<WalletRow[]>`
  SELECT user_id, balance, version, state,
         (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
         (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at
  FROM user_wallet
  WHERE user_id = ANY (${textArray([...userIDs], (userID) => userID)}::text[])
  ORDER BY user_id
  FOR UPDATE`

/**
 * What is known of the transaction IDs once the locks are held, with the time then (`now()` would be the time before
 * they were waited for), the fence, which is the number of the transaction: what the writes must carry to be sure that they run
 * in the transaction that holds the locks; the place of its rows in the feed; and the ledger's epoch.
 */
export const readKnown = (sql: Sql, ids: readonly IDOfUser[]) => sql<KnownRow[]>`
  SELECT clock.now, clock.xid, clock.feed_number, clock.epoch, known.*
  FROM (
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now, pg_current_xact_id()::text AS xid,
           ${feedNumber(sql)} AS feed_number, ${epoch(sql)} AS epoch
  ) AS clock
  LEFT JOIN (${outcomesOf(sql, ids)}) AS known ON true`

/** The same outside a transaction, without one: that one takes a transaction number, which a read has no use for. */
export const readOutcomes = (sql: Sql, ids: readonly IDOfUser[]) => sql<KnownRow[]>`
  SELECT clock.now, '' AS xid, '' AS feed_number, clock.epoch, known.*
  FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now, ${epoch(sql)} AS epoch) AS clock
  LEFT JOIN (${outcomesOf(sql, ids)}) AS known ON true`

/** The database's time and the ledger's epoch, outside a transaction. */
export const readTime = (sql: Sql) => sql<Pick<ClockRow, 'now' | 'epoch'>[]>`
  SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now, ${epoch(sql)} AS epoch`

/** Waits until no batch holds the wallet. A later one takes a later time. */
export const lockShared = (sql: Sql, userID: UserID) => sql<{ user_id: string }[]>`
  SELECT user_id FROM user_wallet WHERE user_id = ${userID}::text FOR SHARE`

/**
 * What the IDs' own users did with them, never a TransferIn, which is the other side's: executed rows have an `id`,
 * refused ones a `code`.
 */
const outcomesOf = (sql: Sql, ids: readonly IDOfUser[]) => sql`
  WITH wanted AS MATERIALIZED (
    SELECT * FROM unnest(${plainArray(ids, (id) => id.transactionID)}::uuid[], ${textArray(ids, (id) => id.userID)}::text[])
      AS w (transaction_id, user_id)
  )
  SELECT t.user_id, t.id, t.transaction_id, t.type, t.amount, t.passive_user_id, t.balance, NULL AS code, NULL AS request_id,
         (extract(epoch FROM t.created_at) * 1000000)::bigint AS created_at, n.reference, n.metadata::text AS metadata
  FROM wanted JOIN user_wallet_transaction t ON t.transaction_id = wanted.transaction_id AND t.user_id = wanted.user_id
       LEFT JOIN user_wallet_note n ON n.user_id = t.user_id AND n.id = t.id
  UNION ALL
  SELECT r.user_id, NULL, r.transaction_id, r.type, r.amount, r.passive_user_id, NULL, r.code, r.request_id,
         (extract(epoch FROM r.created_at) * 1000000)::bigint, n.reference, n.metadata::text
  FROM wanted JOIN user_wallet_refusal r ON r.transaction_id = wanted.transaction_id AND r.user_id = wanted.user_id
       LEFT JOIN user_wallet_note n ON n.user_id = r.user_id AND n.transaction_id = r.transaction_id AND n.id IS NULL`

export const insertTransactions = (sql: Sql, { xid, feed_number }: WriteMark, rows: readonly Transaction[]) => sql<[]>`
  INSERT INTO user_wallet_transaction
         (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at, feed_number)
  SELECT user_id, id, transaction_id, type, amount, passive_user_id, balance,
         timestamptz 'epoch' + created_at * interval '1 microsecond', ${feed_number}::bigint
  FROM unnest(
         ${textArray(rows, (row) => row.userID)}::text[],
         ${plainArray(rows, (row) => row.id)}::bigint[],
         ${plainArray(rows, (row) => row.transactionID)}::uuid[],
         ${plainArray(rows, (row) => row.type)}::smallint[],
         ${plainArray(rows, (row) => row.amount)}::bigint[],
         ${textArray(rows, (row) => row.passiveUserID)}::text[],
         ${plainArray(rows, (row) => row.balance)}::bigint[],
         ${plainArray(rows, (row) => row.createdAt)}::bigint[])
       AS new (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
  WHERE pg_current_xact_id() = ${xid}::xid8`

export const updateWallets = (sql: Sql, xid: string, rows: readonly Wallet[]) => sql<[]>`
  UPDATE user_wallet w
  SET balance = new.balance, version = new.version,
      updated_at = timestamptz 'epoch' + new.updated_at * interval '1 microsecond'
  FROM unnest(
         ${textArray(rows, (row) => row.userID)}::text[],
         ${plainArray(rows, (row) => row.balance)}::bigint[],
         ${plainArray(rows, (row) => row.version)}::bigint[],
         ${plainArray(rows, (row) => row.updatedAt)}::bigint[])
       AS new (user_id, balance, version, updated_at)
  WHERE w.user_id = new.user_id AND pg_current_xact_id() = ${xid}::xid8`

export const insertRefusals = (sql: Sql, xid: string, rows: readonly Refusal[]) => sql<[]>`
  INSERT INTO user_wallet_refusal
         (user_id, transaction_id, type, amount, passive_user_id, code, request_id, created_at)
  SELECT user_id, transaction_id, type, amount, passive_user_id, code, request_id,
         timestamptz 'epoch' + created_at * interval '1 microsecond'
  FROM unnest(
         ${textArray(rows, (row) => row.userID)}::text[],
         ${plainArray(rows, (row) => row.transactionID)}::uuid[],
         ${plainArray(rows, (row) => typeOf(row.movement))}::smallint[],
         ${plainArray(rows, (row) => row.movement.amount)}::bigint[],
         ${textArray(rows, (row) => row.movement.passiveUserID)}::text[],
         ${textArray(rows, (row) => row.code)}::text[],
         ${textArray(rows, (row) => row.requestID)}::text[],
         ${plainArray(rows, (row) => row.createdAt)}::bigint[])
       AS new (user_id, transaction_id, type, amount, passive_user_id, code, request_id, created_at)
  WHERE pg_current_xact_id() = ${xid}::xid8`

/** Only sent if there are some. */
export const insertNotes = (sql: Sql, xid: string, rows: readonly NewNote[]) => sql<[]>`
  INSERT INTO user_wallet_note (user_id, transaction_id, id, reference, metadata)
  SELECT user_id, transaction_id, id, reference, metadata::json
  FROM unnest(
         ${textArray(rows, (row) => row.userID)}::text[],
         ${plainArray(rows, (row) => row.transactionID)}::uuid[],
         ${plainArray(rows, (row) => row.id ?? 'NULL')}::bigint[],
         ${textArray(rows, (row) => row.note.reference ?? null)}::text[],
         ${textArray(rows, (row) => row.note.metadata ?? null)}::text[])
       AS new (user_id, transaction_id, id, reference, metadata)
  WHERE pg_current_xact_id() = ${xid}::xid8`

/** What was done to the wallet before, which its lock keeps as it is. */
export const readLastChange = (sql: Sql, userID: UserID) => sql<Pick<StateChangeRow, 'id' | 'changed_at'>[]>`
  SELECT id, (extract(epoch FROM changed_at) * 1000000)::bigint AS changed_at
  FROM user_wallet_state_change
  WHERE user_id = ${userID}::text
  ORDER BY id DESC
  LIMIT 1`

export const insertStateChange = (sql: Sql, xid: string, changes: readonly StateChange[]) => sql<[]>`
  INSERT INTO user_wallet_state_change (user_id, id, state, reason, changed_by, changed_at)
  SELECT user_id, id, state, reason, changed_by, timestamptz 'epoch' + changed_at * interval '1 microsecond'
  FROM unnest(
         ${textArray(changes, (change) => change.userID)}::text[],
         ${plainArray(changes, (change) => change.id)}::bigint[],
         ${textArray(changes, (change) => change.state)}::text[],
         ${textArray(changes, (change) => change.reason)}::text[],
         ${textArray(changes, (change) => change.changedBy)}::text[],
         ${plainArray(changes, (change) => change.changedAt)}::bigint[])
       AS new (user_id, id, state, reason, changed_by, changed_at)
  WHERE pg_current_xact_id() = ${xid}::xid8`

/** An open wallet has no state, and a parameter is never NULL. */
export const updateState = (sql: Sql, xid: string, userID: UserID, state: WalletState) => sql<[]>`
  UPDATE user_wallet SET state = nullif(${state}::text, 'open')
  WHERE user_id = ${userID}::text AND pg_current_xact_id() = ${xid}::xid8`

/**
 * A wallet that is not there has no row to lock. So a batch that refuses a transfer for want of its recipient's wallet takes
 * one of these locks before it looks a last time, and a batch of openings takes the same locks, shared; both keep them until
 * they are committed. Otherwise a client could see a wallet, then a transaction ID unused, and then that ID refused because
 * there is no such wallet. The locks are few, so that openings never fill the server's table of locks, and are taken in order.
 */
const ABSENCE_LOCK = '11'
const ABSENCE_LOCKS = '64'

const absenceLocks = (sql: Sql, userIDs: readonly UserID[]) => sql`
  SELECT DISTINCT abs(hashtext(user_id) % ${ABSENCE_LOCKS}::int) AS number
  FROM unnest(${textArray(userIDs, (userID) => userID)}::text[]) AS absent (user_id)
  ORDER BY number`

/** The wallets must be read after it, by a statement of their own: one that was opened while this waited is there then. */
export const lockAbsence = (sql: Sql, userIDs: readonly UserID[]) => sql<[]>`
  SELECT pg_advisory_xact_lock(${ABSENCE_LOCK}::int, number) FROM (${absenceLocks(sql, userIDs)}) AS lock`

/** For the WHERE of an opening: true once the locks are held. */
export const absenceIsLocked = (sql: Sql, userIDs: readonly UserID[]) => sql`
  (SELECT count(pg_advisory_xact_lock_shared(${ABSENCE_LOCK}::int, number))
   FROM (${absenceLocks(sql, userIDs)}) AS lock) IS NOT NULL`

/** Those that were missing, as they are now; sorted, so that two of these do not wait for each other. */
export const insertWallets = (sql: Sql, userIDs: readonly UserID[]) => sql<WalletRow[]>`
  INSERT INTO user_wallet (user_id, balance, version, created_at, updated_at)
  SELECT user_id, 0, 0, now(), now()
  FROM unnest(${textArray([...new Set(userIDs)].sort(), (userID) => userID)}::text[]) AS new (user_id)
  WHERE ${absenceIsLocked(sql, userIDs)}
  ON CONFLICT (user_id) DO NOTHING
  RETURNING user_id, balance, version, state,
            (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
            (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at`

export const readWallets = (sql: Sql, userIDs: readonly UserID[]) => sql<WalletRow[]>`
  SELECT user_id, balance, version, state,
         (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
         (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at
  FROM user_wallet
  WHERE user_id = ANY (${textArray(userIDs, (userID) => userID)}::text[])`

/** No row if this migration was not run; fails if there is no schema. */
export const readMigration = (sql: Sql, name: string) => sql<{ name: string; read_only: boolean }[]>`
  SELECT name, current_setting('transaction_read_only') = 'on' AS read_only FROM wallet_migration WHERE name = ${name}::text`

/** Whose ledger the server has, and up to where. */
export const readPosition = (sql: Sql) => sql<PositionRow[]>`
  SELECT pg_is_in_recovery() AS standby, ${epoch(sql)} AS epoch,
         (SELECT system_identifier::text FROM pg_control_system()) AS system,
         CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
              ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline,
         coalesce(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0', 0)::bigint AS position`

/** What the server is at this moment; a primary may be made read-only while it is in use. */
export const readRole = (sql: Sql) => sql<ServerRole[]>`
  SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only`
