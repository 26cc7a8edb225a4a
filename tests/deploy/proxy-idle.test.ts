import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { connectTo, freePort, joinSockets } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { PROXIES, startProxy } from './proxies.ts'

/* A proxy keeps connections for a minute, the service for longer: these tests wait for the end of both. */

const LIMIT_MS = 120_000
const CONNECTIONS = 24
const PAUSE_MS = 20

/** Passes connections on to the service, and notes which side ends each of them; Caddy's health checks have others, and end them. */
async function startWatchedRelay(t: Test, serviceURL: string) {
  const ended = { proxy: 0, service: 0 }
  let connections = 0
  const server = createServer((fromProxy) => {
    const toService = connectTo({ host: '127.0.0.1', port: Number(new URL(serviceURL).port) })
    let over = false
    let counts = false
    fromProxy.once('data', (head) => {
      counts = !head.toString().startsWith('GET /livez ')
      if (counts) connections += 1
    })
    for (const [side, socket] of [['proxy', fromProxy] as const, ['service', toService] as const])
      socket.once('end', () => {
        if (counts && !over) ended[side] += 1
        over = true
      })
    joinSockets(fromProxy, toService)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, ended, connections: () => connections }
}

for (const [name, kind] of Object.entries(PROXIES))
  t.test(`${name} ends a connection to the service that rests, and the service does not`, async (t) => {
    const service = await startServiceProcess(t, {
      env: { DATABASE_URL: toURL(await createTestDatabase(t)) },
      endLimitMs: 3 * LIMIT_MS,
    })
    const relay = await startWatchedRelay(t, service.url)
    // No one is there: all that the proxy keeps leads to the one instance.
    const proxy = await startProxy(t, kind, [relay.url, `http://127.0.0.1:${await freePort()}`])
    const wait = () => proxy.send({ method: 'GET', path: '/api/v1/transactions?wait=3' })
    // Each waits, so each has a connection of its own; the second time it is there already.
    for (let time = 0; time < 2; time += 1)
      for (const { status } of await Promise.all(Array.from({ length: CONNECTIONS }, wait))) t.equal(status, 200)
    t.ok(relay.connections() < 1.5 * CONNECTIONS, `${relay.connections()} connections are kept`)
    let failed = 0
    let sent = 0
    await eventually('the end of what rests', LIMIT_MS, async () => {
      // Meanwhile others are in use, and so always near the end of their rest.
      const { status } = await proxy.send({ method: 'PUT', path: '/api/v1/users/ann/wallet' })
      sent += 1
      if (status > 201) failed += 1
      await delay(PAUSE_MS)
      return relay.ended.proxy + relay.ended.service >= CONNECTIONS / 2 || undefined
    })
    t.equal(relay.ended.service, 0)
    t.equal(failed, 0, `of ${sent}`)
  })
