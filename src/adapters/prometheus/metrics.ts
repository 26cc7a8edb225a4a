import { type MetricValueWithName, Registry } from 'prom-client'
import type { Metrics, MetricsPage, RequestLog, Sample } from '../../ports/telemetry.ts'
import { poolMetrics } from './pools.ts'
import { processMetrics } from './process.ts'
import { queueMetrics } from './queues.ts'
import { requestMetrics } from './requests.ts'
import { stepMetrics } from './steps.ts'

export interface Prometheus {
  readonly metrics: Metrics
  /** Counts an answered request. */
  readonly countRequest: RequestLog
  readonly page: MetricsPage
}

/** Figures for Prometheus, in a registry of their own: docs/operations.md says what each one means. */
export function createPrometheus(version: string): Prometheus {
  const registry = new Registry()
  processMetrics(registry, version)
  return {
    metrics: { queue: queueMetrics(registry), pool: poolMetrics(registry), stepDone: stepMetrics(registry) },
    countRequest: requestMetrics(registry),
    page: { contentType: registry.contentType, text: () => registry.metrics(), samples: () => samplesOf(registry) },
  }
}

/** The service's own, and since when they count. */
const SHOWN = /^(?:wallet_|process_start_time_seconds$)/

async function samplesOf(registry: Registry): Promise<readonly Sample[]> {
  const metrics = await registry.getMetricsAsJSON()
  return metrics
    .filter(({ name }) => SHOWN.test(name))
    .flatMap(({ name, values }) => values.map((value) => toSample(name, value)))
}

/** Of a histogram each value names its series: the buckets, the sum, the count. */
function toSample(name: string, { value, labels, metricName = name }: MetricValueWithName<string>): Sample {
  return {
    name: metricName,
    labels: Object.fromEntries(Object.entries(labels).map(([label, of]) => [label, String(of)])),
    value,
  }
}
