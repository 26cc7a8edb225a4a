import type { EpochRow } from './rows.ts'
import type { Sql } from './sql.ts'

/*
 * The ledger's epochs, which are rows of its keys (docs/decisions/recovery.md). The first key, if it lies here at all, begins none.
 * statements.ts says how statements are written.
 */

/** The one that the ledger is in, in its text form; '' for the first. */
export const epoch = (sql: Sql) => sql`
  coalesce((SELECT epoch::text FROM transaction_id_key WHERE number > 1 ORDER BY number DESC LIMIT 1), '')`

export const readEpochs = (sql: Sql) => sql<EpochRow[]>`
  SELECT epoch::text AS epoch, encode(key, 'hex') AS key
  FROM transaction_id_key
  WHERE number > 1
  ORDER BY number DESC`
