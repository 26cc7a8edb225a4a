import { setTimeout as delay } from 'node:timers/promises'
import type { BenchDatabase } from './environment.ts'
import { percentile } from './open-loop.ts'

/** What the connections did meanwhile. */
export interface Batches {
  readonly count: number
  /** Transfers in one commit. */
  readonly sizeP50: number
  readonly sizeP99: number
  /** Of all looks at a connection: how often it was in a transaction, and how often it waited for another's lock. */
  readonly busyPercent: number
  readonly lockWaitPercent: number
}

const LOOK_EVERY_MS = 20

/** Looks at the connections while `run` runs, and counts afterwards what each of their commits holds. */
export async function watchBatches<Result>(
  database: BenchDatabase,
  run: () => Promise<Result>,
): Promise<{ result: Result; batches: Batches }> {
  const [start] = await database.query<{ now: string }>('SELECT clock_timestamp()::text AS now')
  const looks = { all: 0, busy: 0, waiting: 0 }
  let running = true
  const looking = (async () => {
    while (running) {
      const [look] = await database.query<{ connections: string; busy: string; waiting: string }>(`
        SELECT count(*) AS connections, count(*) FILTER (WHERE xact_start IS NOT NULL) AS busy,
               count(*) FILTER (WHERE wait_event_type = 'Lock') AS waiting
        FROM pg_stat_activity
        WHERE application_name = 'wallet-service' AND datname = current_database()
          AND query ~ '^\\s*(BEGIN|COMMIT|ROLLBACK|WITH|SELECT moment|INSERT INTO user_wallet_transaction|UPDATE|.*FOR UPDATE)'`)
      looks.all += Number(look?.connections)
      looks.busy += Number(look?.busy)
      looks.waiting += Number(look?.waiting)
      await delay(LOOK_EVERY_MS)
    }
  })()
  const result = await run().finally(() => {
    running = false
  })
  await looking
  // A row's xmin is the transaction that wrote it.
  const rows = await database.query<{ size: string }>(
    `SELECT count(*) AS size FROM user_wallet_transaction WHERE type = 4 AND created_at >= $1::timestamptz
     GROUP BY xmin::text ORDER BY 1`,
    [start?.now],
  )
  const sizes = rows.map(({ size }) => Number(size))
  return {
    result,
    batches: {
      count: sizes.length,
      sizeP50: percentile(sizes, 50),
      sizeP99: percentile(sizes, 99),
      busyPercent: (100 * looks.busy) / looks.all,
      lockWaitPercent: (100 * looks.waiting) / looks.all,
    },
  }
}
