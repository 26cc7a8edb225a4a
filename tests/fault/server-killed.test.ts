import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type OwnServer, startOwnServer } from '../support/database/own-server.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'
import { createClient } from '../support/process/service-client.ts'

const WARM_MS = 1000
const KILLS = 3
const POLL_MS = 10

/** What /readyz says until `over`, by status. */
async function watchReadiness(url: string, over: Promise<unknown>): Promise<ReadonlyMap<number, number>> {
  const seen = new Map<number, number>()
  let watching = true
  void over.then(() => {
    watching = false
  })
  while (watching) {
    const { status } = await createClient(url).call('GET', '/readyz')
    seen.set(status, (seen.get(status) ?? 0) + 1)
    await delay(POLL_MS)
  }
  return seen
}

interface Kill {
  readonly fault: string
  readonly againWithinMs: number
  /** Kills; from the time that it returns on the service must come back. */
  kill(t: Test, server: OwnServer, url: string): Promise<number>
}

/** Kills several times under load, and checks what the service promises. */
async function checkKills(t: Test, { fault, againWithinMs: withinMs, kill }: Kill): Promise<void> {
  const server = await startOwnServer(t)
  const service = await startRestartableService(t, server.address)
  const load = await startFaultLoad(t, { urls: [service.url] })
  let since = 0
  for (let kills = 0; kills < KILLS; kills += 1) {
    await delay(WARM_MS)
    since = await kill(t, server, service.url)
  }
  await delay(2 * WARM_MS)
  t.match(await createClient(service.url).call('GET', '/readyz'), { status: 200 })
  await load.stop()
  await checkPromises(t, { fault, load, database: server.address, services: [service], again: { since, withinMs } })
}

t.test('kill -9 of PostgreSQL under load: the service works again when PostgreSQL does', (t) =>
  checkKills(t, {
    fault: 'kill -9 of PostgreSQL, three times',
    againWithinMs: 3000,
    async kill(t, server, url) {
      await server.killServer()
      const accepting = server.accepting()
      const readiness = await watchReadiness(url, accepting)
      t.ok((readiness.get(503) ?? 0) > 0, '/readyz says 503 meanwhile')
      return accepting
    },
  }),
)

t.test('kill -9 of one backend, which takes all others with it', (t) =>
  checkKills(t, {
    fault: 'kill -9 of one backend, three times',
    againWithinMs: 2000,
    async kill(_t, server) {
      await server.killBackend()
      return performance.now()
    },
  }),
)
