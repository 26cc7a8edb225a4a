import type { Reference } from '../../domain/note.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { CurveQuery } from '../../ports/inspection.ts'
import { plainArray } from './arrays.ts'
import { lowerBound, timestamp } from './history-statements.ts'
import type { BalanceRow, EndsRow, RefusalRow, StateChangeRow, TransactionRow, WalletRow } from './rows.ts'
import type { Sql } from './sql.ts'

/* What those who run the service look at; statements.ts says how statements are written. */

/** The first id and the last between two times: an index look-up each. No row if there is no wallet. */
export const readEnds = (sql: Sql, { userID, createdBefore, ...from }: Omit<CurveQuery, 'points'>) => sql<EndsRow[]>`
  SELECT (
           SELECT id FROM user_wallet_transaction
           WHERE user_id = ${userID}::text
             AND created_at > coalesce(${timestamp(sql, lowerBound(from))}, '-infinity')
             AND created_at < coalesce(${timestamp(sql, createdBefore)}, 'infinity')
           ORDER BY created_at, id
           LIMIT 1
         ) AS oldest,
         (
           SELECT id FROM user_wallet_transaction
           WHERE user_id = ${userID}::text
             AND created_at > coalesce(${timestamp(sql, lowerBound(from))}, '-infinity')
             AND created_at < coalesce(${timestamp(sql, createdBefore)}, 'infinity')
           ORDER BY created_at DESC, id DESC
           LIMIT 1
         ) AS newest
  FROM user_wallet WHERE user_id = ${userID}::text`

/** U+10FFFF comes last: a user ID of 128 characters that begins with `prefix` is no greater than this. */
export const findWallets = (sql: Sql, prefix: string, limit: number) => sql<WalletRow[]>`
  SELECT user_id, balance, version, state,
         (extract(epoch FROM created_at) * 1000000)::bigint AS created_at,
         (extract(epoch FROM updated_at) * 1000000)::bigint AS updated_at
  FROM user_wallet
  WHERE user_id BETWEEN ${prefix}::text AND ${prefix}::text || repeat(chr(1114111), 128)
  ORDER BY user_id
  LIMIT ${String(limit)}::bigint`

/** The sender's half first. */
export const readTransactionsByID = (sql: Sql, transactionID: TransactionID) => sql<TransactionRow[]>`
  SELECT t.user_id, t.id, t.transaction_id, type, amount, passive_user_id, balance, reference, metadata::text AS metadata,
         (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
  FROM user_wallet_transaction t
       LEFT JOIN user_wallet_note n ON n.user_id = t.user_id AND n.id = t.id
  WHERE t.transaction_id = ${transactionID}::uuid
  ORDER BY type DESC`

export const readRefusalsByID = (sql: Sql, transactionID: TransactionID) => sql<RefusalRow[]>`
  SELECT r.user_id, r.transaction_id, type, amount, passive_user_id, code, request_id, reference,
         metadata::text AS metadata, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
  FROM user_wallet_refusal r
       LEFT JOIN user_wallet_note n ON n.user_id = r.user_id AND n.transaction_id = r.transaction_id AND n.id IS NULL
  WHERE r.transaction_id = ${transactionID}::uuid`

export const readTransactionsByReference = (sql: Sql, reference: Reference, limit: number) => sql<TransactionRow[]>`
  SELECT n.user_id, n.id, t.transaction_id, type, amount, passive_user_id, balance, reference, metadata::text AS metadata,
         (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
  FROM user_wallet_note n JOIN user_wallet_transaction t ON t.user_id = n.user_id AND t.id = n.id
  WHERE reference = ${reference}::text
  ORDER BY n.user_id, n.id DESC
  LIMIT ${String(limit)}::bigint`

export const readStateChanges = (sql: Sql, userID: UserID, limit: number) => sql<StateChangeRow[]>`
  SELECT user_id, id, state, reason, changed_by, (extract(epoch FROM changed_at) * 1000000)::bigint AS changed_at
  FROM user_wallet_state_change
  WHERE user_id = ${userID}::text
  ORDER BY id DESC
  LIMIT ${String(limit)}::bigint`

export const readBalances = (sql: Sql, userID: UserID, ids: readonly bigint[]) => sql<BalanceRow[]>`
  SELECT id, balance, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at
  FROM user_wallet_transaction
  WHERE user_id = ${userID}::text AND id = ANY (${plainArray(ids, (id) => id)}::bigint[])
  ORDER BY id`

export const readLastAudit = (sql: Sql) => sql<{ report: string }[]>`
  SELECT report::text AS report FROM wallet_audit`
