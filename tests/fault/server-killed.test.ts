import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startFaultLoad } from '../support/fault-load.ts'
import { checkPromises } from '../support/fault-verdict.ts'
import { startRestartableService } from '../support/fault-world.ts'
import { startOwnServer } from '../support/own-server.ts'
import { createClient } from '../support/service-client.ts'

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

t.test('kill -9 of PostgreSQL under load: the service works again when PostgreSQL does', async (t) => {
  const server = await startOwnServer(t)
  const service = await startRestartableService(t, server.address)
  const load = await startFaultLoad(t, { urls: [service.url] })
  let since = 0
  for (let kills = 0; kills < KILLS; kills += 1) {
    await delay(WARM_MS)
    await server.killServer()
    const accepting = server.accepting()
    const readiness = await watchReadiness(service.url, accepting)
    t.ok((readiness.get(503) ?? 0) > 0, '/readyz says 503 meanwhile')
    since = await accepting
  }
  await delay(2 * WARM_MS)
  t.match(await createClient(service.url).call('GET', '/readyz'), { status: 200 })
  await load.stop()
  const { url, processes: services } = service
  const fault = 'kill -9 of PostgreSQL, three times'
  await checkPromises(t, { fault, load, database: server.address, url, services, again: { since, withinMs: 3000 } })
})

t.test('kill -9 of one backend, which takes all others with it', async (t) => {
  const server = await startOwnServer(t)
  const service = await startRestartableService(t, server.address)
  const load = await startFaultLoad(t, { urls: [service.url] })
  let since = 0
  for (let kills = 0; kills < KILLS; kills += 1) {
    await delay(WARM_MS)
    await server.killBackend()
    since = performance.now()
  }
  await delay(2 * WARM_MS)
  await load.stop()
  const { url, processes: services } = service
  const fault = 'kill -9 of one backend, three times'
  await checkPromises(t, { fault, load, database: server.address, url, services, again: { since, withinMs: 2000 } })
})
