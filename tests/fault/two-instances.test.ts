import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { TIMEOUTS_MS } from '../../src/ports/timeouts.ts'
import { startFaultLoad } from '../support/fault-load.ts'
import { checkPromises } from '../support/fault-verdict.ts'
import { startFaultWorld, startRestartableService } from '../support/fault-world.ts'

const WARM_MS = 1500

t.test(
  'of two instances on one database one is killed: the other goes on, never slower than a lock may take',
  async (t) => {
    const { database, service } = await startFaultWorld(t)
    const doomed = await startRestartableService(t, database)
    const load = await startFaultLoad(t, { urls: [service.url, doomed.url] })
    await delay(WARM_MS)
    const since = performance.now()
    await doomed.current().end('SIGKILL')
    await delay(WARM_MS)
    await load.stop()
    await checkPromises(t, {
      ...{ fault: 'kill -9 of one of two instances', load, database, services: [service, doomed] },
      again: { since, withinMs: TIMEOUTS_MS.lock },
    })
    const survivors = load.movements.filter(({ url }) => url === service.url)
    t.strictSame(
      survivors.filter(({ answer }) => answer === undefined || answer.status === 503),
      [],
      'none was turned away',
    )
    const slowest = Math.max(...survivors.map(({ sentAt, endedAt = Number.POSITIVE_INFINITY }) => endedAt - sentAt))
    t.ok(slowest <= TIMEOUTS_MS.lock, `the slowest answer of the one that goes on took ${slowest} ms`)
  },
)
