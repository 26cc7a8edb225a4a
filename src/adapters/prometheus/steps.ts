import { Histogram, type Registry } from 'prom-client'
import type { Metrics } from '../../ports/telemetry.ts'

/** Seconds; the last one is the deadline of a round trip. */
const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2]

/** How long the steps of batches and reads stay at the database. */
export function stepMetrics(registry: Registry): Metrics['stepDone'] {
  const durations = new Histogram({
    name: 'wallet_database_step_duration_seconds',
    help: 'Time at the database: lock waits for the locks of a batch, commit writes and commits it',
    labelNames: ['step'],
    buckets: BUCKETS_S,
    registers: [registry],
  })
  const byStep = new Map<string, { observe(seconds: number): void }>()
  return (step, ms) => {
    let series = byStep.get(step)
    if (series === undefined) {
      series = durations.labels(step)
      byStep.set(step, series)
    }
    series.observe(ms / 1000)
  }
}
