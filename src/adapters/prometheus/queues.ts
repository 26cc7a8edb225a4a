import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Metrics, QueueName, QueueReading } from '../../ports/telemetry.ts'

const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
/** Seconds. */
const WAITS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 6]

/** How requests gather into batches. What happens is told once a batch; who waits is asked when the page is read. */
export function queueMetrics(registry: Registry): Metrics['queue'] {
  const readings = new Map<QueueName, { readonly limit: number; read(): QueueReading }>()
  const common = { labelNames: ['queue'] as const, registers: [registry] }
  const sizes = new Histogram({
    ...common,
    name: 'wallet_batch_size',
    help: 'How many requests a batch held',
    buckets: SIZES,
  })
  const waits = new Histogram({
    ...common,
    name: 'wallet_queue_wait_seconds',
    help: 'How long the first request of each batch had waited when the batch left: the others waited less',
    buckets: WAITS_S,
  })
  const failures = new Counter({
    ...common,
    name: 'wallet_batch_failures_total',
    help: 'Batches that the database did not do, to be tried again',
  })
  new Gauge({
    ...common,
    name: 'wallet_queue_limit',
    help: 'How many requests may wait for a batch; one more is answered with OVERLOADED',
    collect() {
      for (const [queue, { limit }] of readings) this.set({ queue }, limit)
    },
  })
  new Gauge({
    ...common,
    name: 'wallet_queue_depth',
    help: 'How many requests wait for a batch',
    collect() {
      for (const [queue, { read }] of readings) this.set({ queue }, read().waiting)
    },
  })
  new Gauge({
    ...common,
    name: 'wallet_queue_in_flight',
    help: 'How many requests are in batches that are under way',
    collect() {
      for (const [queue, { read }] of readings) this.set({ queue }, read().inFlight)
    },
  })

  return (queue, limit, read) => {
    readings.set(queue, { limit, read })
    const [size, wait, failed] = [sizes.labels(queue), waits.labels(queue), failures.labels(queue)]
    failed.inc(0)
    return {
      batchStarted(count, longestWaitMs) {
        size.observe(count)
        wait.observe(longestWaitMs / 1000)
      },
      batchFailed: () => failed.inc(),
    }
  }
}
