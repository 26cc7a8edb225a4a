import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { median } from '../../bench/figures.ts'
import { percentile } from '../../bench/open-loop.ts'
import { connect } from '../../db/migrate.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startFaultWorld } from '../support/faults/fault-world.ts'
import { processMemory } from '../support/process/process-memory.ts'

const QUEUE_MAX = 20
const CLIENTS = 100
const PAUSE_MS = 100
const STUCK_MS = 4000
const SETTLED_MS = 1000
const AT_ONCE_MS = 50
const MORE_MEMORY_MB = 30

t.test(
  'with its connections stuck and its queue full the service says OVERLOADED at once, and takes no more memory',
  async (t) => {
    const { database, service } = await startFaultWorld(t, { env: { QUEUE_MAX: String(QUEUE_MAX) } })
    const load = await startFaultLoad(t, { urls: [service.url], clients: CLIENTS, pauseMs: PAUSE_MS })
    await delay(SETTLED_MS)
    const holder = await connect(database)
    await holder.query('BEGIN')
    // One by one, which a Citus takes too.
    const { rows: wallets } = await holder.query<{ user_id: string }>(
      'SELECT user_id FROM user_wallet ORDER BY user_id',
    )
    for (const { user_id } of wallets)
      await holder.query('SELECT FROM user_wallet WHERE user_id = $1 FOR UPDATE', [user_id])
    const stuckFrom = performance.now()
    await delay(SETTLED_MS)
    const { nowMB: before } = await processMemory(service.current().pid)
    await delay(STUCK_MS - SETTLED_MS)
    const { nowMB: after } = await processMemory(service.current().pid)
    await holder.query('ROLLBACK')
    await holder.end()
    const since = performance.now()
    await delay(SETTLED_MS)
    await load.stop()

    const overloaded = load.movements.flatMap(({ sentAt, endedAt = Number.POSITIVE_INFINITY, answer }) =>
      answer?.body.code === 'OVERLOADED' && sentAt > stuckFrom && sentAt < since ? [endedAt - sentAt] : [],
    )
    t.ok(overloaded.length > 500, `${overloaded.length} were turned away`)
    const typical = median(overloaded)
    t.ok(typical < AT_ONCE_MS, `one out of two within ${typical} ms, as the clients see it`)
    const served = [
      ...service
        .current()
        .log()
        .matchAll(/"status":503,"ms":([\d.]+)/g),
    ].map(([, ms]) => Number(ms))
    const slowest = percentile(
      served.sort((a, b) => a - b),
      99,
    )
    t.ok(slowest < AT_ONCE_MS, `99 of 100 within ${slowest} ms, as the service sees it`)
    t.ok(after - before < MORE_MEMORY_MB, `${before} MB at first, ${after} MB in the end`)
    const fault = 'every wallet locked for 4 s, queue of 20'
    const figures = await checkPromises(t, {
      fault,
      load,
      database,
      services: [service],
      again: { since, withinMs: 2000 },
    })
    t.equal(figures.unknown, 0)
  },
)
