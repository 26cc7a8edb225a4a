import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { ServerAddress } from '../db/address.ts'
import { DISTRIBUTED } from '../db/distribute.ts'
import { connect } from '../db/migrate.ts'

/*
 * The workers of a Citus have no snapshot in common: between the commits of a transfer's two halves one of them shows its
 * half already and the other does not yet. So the auditor looks at them while nothing is on its way.
 */

/** Shorter than a batch waits for its own locks: writers that queue behind us are not turned away. */
const LOCK_TIMEOUT_MS = 500
/** Citus looks after what was left in doubt every `citus.recover_2pc_interval`, a minute by default. */
const REST_LIMIT_MS = 90_000
const RETRY_MS = 250
const LOCK_NOT_AVAILABLE = '55P03'

const DEADLOCK = '40P01'

/** In the order in which a batch writes them, and a change of state, so that no one and the auditor wait for each other. */
const ORDER: Readonly<Record<(typeof DISTRIBUTED)[number], number>> = {
  ...{ user_wallet_refusal: 1, user_wallet_transaction: 2, user_wallet_state_change: 3, user_wallet: 4 },
  user_wallet_note: 5,
}
const TABLES = DISTRIBUTED.toSorted((a, b) => ORDER[a] - ORDER[b]).join(', ')

/** Something was on its way all the time, or is in doubt. The message is one line for the operator. */
export class NotAtRest extends Error {
  override readonly name = 'NotAtRest'
}

/**
 * Has each client, which is in a transaction with a snapshot, take its snapshot on every worker too, all at one moment
 * at which no write is under way and none is in doubt. Anyone who writes waits for that, a few milliseconds.
 */
export async function seeWorkersAtRest(
  address: ServerAddress,
  clients: readonly pg.Client[],
  limitMs = REST_LIMIT_MS,
): Promise<void> {
  const keeper = await connect(address)
  const deadline = performance.now() + limitMs
  try {
    await keeper.query(`SET lock_timeout = ${LOCK_TIMEOUT_MS}`)
    for (;;) {
      const disturbance = await whileNothingMoves(keeper, async () => {
        // An index's last entry in each shard: every worker is asked, and has next to nothing to do.
        for (const client of clients) await client.query('SELECT max(user_id) FROM user_wallet')
      })
      if (disturbance === undefined) return
      if (performance.now() > deadline) throw new NotAtRest(disturbance)
      await delay(RETRY_MS)
    }
  } finally {
    await keeper.end()
  }
}

/** @returns what kept the work from being done; `undefined` if it was. */
async function whileNothingMoves(keeper: pg.Client, work: () => Promise<void>): Promise<string | undefined> {
  await keeper.query('BEGIN')
  try {
    // A write holds its own lock on these until all workers have committed it, or one of them failed to.
    await keeper.query(`LOCK TABLE ${TABLES} IN SHARE MODE`)
    const inDoubt = await countInDoubt(keeper)
    if (inDoubt > 0)
      return `${inDoubt} transactions are prepared on workers and wait for their commit: SELECT recover_prepared_transactions()`
    await work()
    return undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === LOCK_NOT_AVAILABLE || error.code === DEADLOCK))
      return 'there was no moment without a write under way'
    throw error
  } finally {
    await keeper.query('ROLLBACK')
  }
}

/** Those that a worker has prepared: while nothing is under way, no one else will see to them than Citus's recovery. */
async function countInDoubt(keeper: pg.Client): Promise<number> {
  const { rows } = await keeper.query<{ success: boolean; result: string }>(
    `SELECT success, result
     FROM run_command_on_workers('SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()')`,
  )
  const failure = rows.find(({ success }) => !success)
  if (failure !== undefined) throw new NotAtRest(`a worker does not answer: ${failure.result}`)
  return rows.reduce((sum, { result }) => sum + Number(result), 0)
}
