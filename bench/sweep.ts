import type { Bench } from './environment.ts'
import { type Load, sendTransfers } from './transfers.ts'

const CONNECTIONS = [1, 4, 16, 64, 256, 1024]
const BATCH_SIZES = [1, 4, 16, 64, 256]
const MANY = 256

/** One point of the picture. */
export interface SweepPoint {
  readonly series: 'connections' | 'batch size'
  readonly at: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Throughput and latency against the number of connections, and against the bound on a batch. */
export async function sweep(bench: Bench, load: Load): Promise<readonly SweepPoint[]> {
  return bench.withDatabase('sweep', async (database) => {
    await database.fill(load.wallets)
    const points: SweepPoint[] = []

    async function measure(series: SweepPoint['series'], at: number, connections: number, batchMax: number) {
      await bench.withService(database, { BATCH_MAX: String(batchMax) }, async (service) => {
        bench.say(`sweep: ${series} ${at}`)
        await sendTransfers(bench, service, database, load.pick, connections, 1)
        const { perSecond, p50Ms, p99Ms } = await sendTransfers(bench, service, database, load.pick, connections)
        points.push({ series, at, perSecond, p50Ms, p99Ms })
      })
    }

    for (const connections of CONNECTIONS) await measure('connections', connections, connections, 512)
    for (const batchMax of BATCH_SIZES) await measure('batch size', batchMax, MANY, batchMax)
    return points
  })
}
