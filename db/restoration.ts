import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { ask } from './ask.ts'

/** A batch is over in a few seconds; what holds wallets for longer was left behind by someone. */
const WRITERS_LIMIT_MS = 30_000
const WRITERS_POLL_MS = 50

/** What a ledger says of itself before it is declared restored. */
export interface LedgerState {
  /** Of the newest transaction in the order of their commits; `undefined` if there is none. */
  readonly lastTransactionAt: string | undefined
  /** When it was declared restored the last time; `undefined` if it never was. */
  readonly lastRestoredAt: string | undefined
}

/** Both times are RFC 3339 in UTC. */
export async function readLedgerState(client: pg.Client): Promise<LedgerState> {
  const [transaction] = await ask<{ at: string }>(
    client,
    `SELECT ${inUTC('created_at')} AS at FROM user_wallet_transaction ORDER BY feed_number DESC, user_id DESC, id DESC LIMIT 1`,
  )
  const [key] = await ask<{ at: string }>(
    client,
    `SELECT ${inUTC('created_at')} AS at FROM transaction_id_key WHERE number > 1 ORDER BY number DESC LIMIT 1`,
  )
  return { lastTransactionAt: transaction?.at, lastRestoredAt: key?.at }
}

/**
 * Begins an epoch: with it every key that has signed transaction IDs is retired, wherever it is kept, and every cursor of the feed
 * that was given is gone. When this is done, no batch that has not seen it is under way.
 *
 * @param key random, as long as those that sign transaction IDs.
 * @throws if a transaction that may not have seen it does not end; the epoch has begun all the same.
 */
export async function beginEpoch(client: pg.Client, key: Buffer): Promise<void> {
  // Of two at once, one does it for both.
  await ask(
    client,
    `INSERT INTO transaction_id_key (number, key) SELECT coalesce(max(number), 1) + 1, $1 FROM transaction_id_key
     ON CONFLICT DO NOTHING`,
    [key],
  )
  await outlastWriters(client)
}

/** A batch reads the epoch once it has locked its wallets. So those that hold wallets now may have read the one before. */
async function outlastWriters(client: pg.Client): Promise<void> {
  const begun = await writers(client)
  for (const start = performance.now(); ; await delay(WRITERS_POLL_MS)) {
    const left = (await writers(client)).filter((writer) => begun.includes(writer))
    if (left.length === 0) return
    if (performance.now() - start > WRITERS_LIMIT_MS)
      throw new Error(
        `a transaction that began before has held wallets for ${WRITERS_LIMIT_MS / 1000} s: end it (pg_stat_activity, pg_prepared_xacts), then run this again`,
      )
  }
}

/** The transactions that hold wallets. */
async function writers(client: pg.Client): Promise<readonly string[]> {
  const rows = await ask<{ writer: string }>(
    client,
    `SELECT virtualtransaction AS writer FROM pg_locks
     WHERE locktype = 'relation' AND relation = to_regclass('user_wallet') AND mode = 'RowShareLock' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  return rows.map(({ writer }) => writer)
}

function inUTC(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}
