import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Batches, watchBatches } from './batches.ts'
import type { Bench, BenchDatabase } from './environment.ts'
import { type Row, row } from './figures.ts'
import { type OpenLoopResult, percentile, runOpenLoop } from './open-loop.ts'
import { runWrk, type ServiceProcess } from './programs.ts'
import { type Load, sendTransfers } from './transfers.ts'
import { createTransfers, writeRequests } from './workload.ts'

const CONNECTIONS = 256
/** Of connections, and the bound on what waits: the last one is reached, so that requests are turned away. */
const OVERLOADS = [
  { connections: 2000, settings: {} },
  { connections: 4000, settings: {} },
  { connections: 4000, settings: { QUEUE_MAX: '1024' } },
  { connections: 4000, settings: { QUEUE_MAX: '1024', WORKERS: '2' } },
] as const
const OVERLOAD_PERCENT = 200
/** About what an answer takes there: the pause after it makes up the rest of a connection's period. */
const OVERLOAD_ANSWER_MS = 100
const PROBES_PER_SECOND = 200
const WANTED_P99_MS = 25

export interface LatencyRow {
  readonly name: string
  readonly peak: number
  readonly offered: number
  readonly executed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly overloaded: number
  readonly overloadedP50Ms: number
  readonly overloadedP99Ms: number
  readonly batches: Batches
}

/** Latency from the intended send time at parts of the peak rate, and what is left of the peak at twice of it. */
export async function measureLatency(bench: Bench, load: Load): Promise<readonly LatencyRow[]> {
  return bench.withDatabase('latency', async (database) => {
    await database.fill(load.wallets)
    const rows: LatencyRow[] = []
    const peak = await bench.withService(database, {}, async (service) => {
      await sendTransfers(bench, service, database, load.pick, CONNECTIONS, 2)
      bench.say('latency: looking for the peak')
      const { perSecond } = await sendTransfers(bench, service, database, load.pick, CONNECTIONS)
      for (const percentOfPeak of [50, 80]) {
        bench.say(`latency at ${percentOfPeak} % of the peak`)
        const rate = (perSecond * percentOfPeak) / 100
        const next = createTransfers(load.pick, bench.ids)
        const { result, batches } = await watchBatches(database, () =>
          runOpenLoop(service.url, rate, bench.seconds, 2 * CONNECTIONS, next),
        )
        const executed = (result.answeredPerSecond * result.latenciesMs.length) / (rate * bench.seconds)
        const name = `${percentOfPeak} % of the peak`
        rows.push({ ...toRow(result), name, peak: perSecond, offered: rate, executed, batches })
      }
      return perSecond
    })
    for (const { connections, settings } of OVERLOADS) {
      const name = [`overload, ${connections} connections`, ...Object.entries(settings).map((each) => each.join('='))]
      await bench.withService(database, settings, async (service) => {
        await sendTransfers(bench, service, database, load.pick, CONNECTIONS, 2)
        bench.say(`latency: ${name.join(', ')}`)
        rows.push({ ...(await overload(bench, load, database, service, peak, connections)), name: name.join(', ') })
      })
    }
    return rows
  })
}

/** What is wanted of the first line. */
export function latencyRow([half]: readonly LatencyRow[]): Row {
  return row({
    name: 'p99 at half of the peak, from the intended send time',
    against: `${WANTED_P99_MS} ms`,
    unit: 'ms',
    ours: [half?.p99Ms ?? Number.NaN],
    theirs: [WANTED_P99_MS],
    target: { atMost: 1 },
  })
}

/**
 * Twice the peak is more than a load generator in Node.js can offer beside the service: wrk makes the load, and a few
 * requests sent at their intended times tell the latency.
 */
async function overload(
  bench: Bench,
  load: Load,
  database: BenchDatabase,
  service: ServiceProcess,
  peak: number,
  connections: number,
): Promise<Omit<LatencyRow, 'name'>> {
  const folder = await mkdtemp(join(tmpdir(), 'wallet-bench-'))
  try {
    const file = join(folder, 'requests')
    const offered = (peak * OVERLOAD_PERCENT) / 100
    const next = createTransfers(load.pick, bench.ids)
    await writeRequests(file, Math.ceil(2 * offered * bench.seconds), next)
    const pauseMs = Math.max(0, (1000 * connections) / offered - OVERLOAD_ANSWER_MS)
    const before = await database.countTransfers()
    const { result, batches } = await watchBatches(database, () =>
      Promise.all([
        runWrk(service.url, file, connections, bench.seconds, pauseMs),
        runOpenLoop(service.url, PROBES_PER_SECOND, bench.seconds, CONNECTIONS, next),
      ]),
    )
    const [{ perSecond, refused }, probes] = result
    return {
      ...toRow(probes),
      peak,
      offered: perSecond,
      executed: ((await database.countTransfers()) - before) / bench.seconds,
      overloaded: refused,
      batches,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function toRow({ latenciesMs, turnedAwayMs, statuses }: OpenLoopResult) {
  return {
    p50Ms: percentile(latenciesMs, 50),
    p99Ms: percentile(latenciesMs, 99),
    p999Ms: percentile(latenciesMs, 99.9),
    overloaded: statuses['503'] ?? 0,
    overloadedP50Ms: percentile(turnedAwayMs, 50),
    overloadedP99Ms: percentile(turnedAwayMs, 99),
  }
}
