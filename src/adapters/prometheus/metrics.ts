import { Registry } from 'prom-client'
import type { MetricsPage, ServiceMetrics, StoreMetrics } from '../../ports/metrics.ts'
import type { RequestLog } from '../../ports/request-log.ts'
import { poolMetrics } from './pools.ts'
import { processMetrics } from './process.ts'
import { queueMetrics } from './queues.ts'
import { requestMetrics } from './requests.ts'
import { stepMetrics } from './steps.ts'

export interface Prometheus {
  readonly metrics: ServiceMetrics & StoreMetrics
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
    page: { contentType: registry.contentType, text: () => registry.metrics() },
  }
}
