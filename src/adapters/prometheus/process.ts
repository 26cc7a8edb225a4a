import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client'

/** Gauges whose names end in `_total`, which Prometheus keeps for counters. The same figures come by type as well. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** Figures of the process and of Node.js under the names that all such programs give them, and which version runs. */
export function processMetrics(registry: Registry, version: string): void {
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  new Gauge({
    name: 'wallet_build_info',
    help: 'Always 1; the version of the service is in its label',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1)
}
