import { Gauge, type Registry } from 'prom-client'
import type { Metrics, PoolReading } from '../../ports/telemetry.ts'

/** The connections to the database, asked for when the page is read. */
export function poolMetrics(registry: Registry): Metrics['pool'] {
  const pools = new Map<string, { readonly size: number; read(): PoolReading }>()
  const common = { labelNames: ['pool'] as const, registers: [registry] }
  new Gauge({
    name: 'wallet_pool_connections',
    help: 'Connections to the database, by what they do',
    labelNames: ['pool', 'state'],
    registers: [registry],
    collect() {
      for (const [pool, { read }] of pools) {
        const { inUse, idle } = read()
        this.set({ pool, state: 'in_use' }, inUse)
        this.set({ pool, state: 'idle' }, idle)
      }
    },
  })
  new Gauge({
    ...common,
    name: 'wallet_pool_limit',
    help: 'How many connections there may be',
    collect() {
      for (const [pool, { size }] of pools) this.set({ pool }, size)
    },
  })
  new Gauge({
    ...common,
    name: 'wallet_pool_waiting',
    help: 'How many batches and reads wait for a connection',
    collect() {
      for (const [pool, { read }] of pools) this.set({ pool }, read().waiting)
    },
  })
  return (name, size, read) => {
    pools.set(name, { size, read })
  }
}
