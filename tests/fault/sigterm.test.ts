import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startFaultWorld } from '../support/faults/fault-world.ts'

const WARM_MS = 1000
const STOP_LIMIT_MS = 5000
const IDLE_CLIENTS = 20

/** A client that keeps its connection after an answer, and asks for nothing more. */
async function idleClient(url: string) {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.on('error', () => {})
  socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'data')
  return socket
}

t.test(
  'SIGTERM under load with idle clients: every accepted request is answered, and the exit is 0 within 5 s',
  async (t) => {
    const { database, service } = await startFaultWorld(t)
    const idle = await Promise.all(Array.from({ length: IDLE_CLIENTS }, () => idleClient(service.url)))
    t.teardown(() => {
      for (const socket of idle) socket.destroy()
    })
    const load = await startFaultLoad(t, { urls: [service.url] })
    await delay(WARM_MS)
    const start = performance.now()
    const { code, signal } = await service.current().end('SIGTERM')
    const tookMs = performance.now() - start
    t.strictSame({ code, signal }, { code: 0, signal: null })
    t.ok(tookMs <= STOP_LIMIT_MS, `it took ${tookMs} ms`)
    const stopping = load.stop()
    await service.start()
    await stopping
    const fault = 'SIGTERM under load, 20 idle clients'
    const figures = await checkPromises(t, { fault, load, database, services: [service] })
    t.equal(figures.unknownExecuted, 0, 'nothing was executed without being answered')
  },
)
