import type { Bench } from './environment.ts'
import { type OpenLoopResult, percentile, runOpenLoop } from './open-loop.ts'
import { type Load, sendTransfers } from './transfers.ts'
import { createTransfers } from './workload.ts'

const CONNECTIONS = 256
/** Enough that a client is never what a request waits for. */
const OVERLOAD_CONNECTIONS = 6000

export interface LatencyRow {
  readonly percentOfPeak: number
  readonly offered: number
  readonly answered: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly overloaded: number
  readonly overloadedP99Ms: number
}

/** Latency from the intended send time at parts of the peak rate, and what is left of the peak at twice of it. */
export async function measureLatency(bench: Bench, load: Load): Promise<readonly LatencyRow[]> {
  return bench.withDatabase('latency', async (database) => {
    await database.fill(load.wallets)
    return bench.withService(database, {}, async (service) => {
      await sendTransfers(bench, service, database, load.pick, CONNECTIONS, 2)
      bench.say('latency: looking for the peak')
      const peak = (await sendTransfers(bench, service, database, load.pick, CONNECTIONS)).perSecond
      const rows: LatencyRow[] = []
      for (const percentOfPeak of [50, 80, 200]) {
        bench.say(`latency at ${percentOfPeak} % of the peak`)
        const rate = (peak * percentOfPeak) / 100
        const connections = percentOfPeak > 100 ? OVERLOAD_CONNECTIONS : 2 * CONNECTIONS
        const next = createTransfers(load.pick, bench.ids)
        rows.push(toRow(percentOfPeak, await runOpenLoop(service.url, rate, bench.seconds, connections, next)))
      }
      return rows
    })
  })
}

function toRow(percentOfPeak: number, result: OpenLoopResult): LatencyRow {
  const { latenciesMs, turnedAwayMs } = result
  return {
    percentOfPeak,
    offered: result.offeredPerSecond,
    answered: (result.answeredPerSecond * latenciesMs.length) / (latenciesMs.length + turnedAwayMs.length),
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    p999Ms: percentile(latenciesMs, 99.9),
    overloaded: result.statuses['503'] ?? 0,
    overloadedP99Ms: percentile(turnedAwayMs, 99),
  }
}
