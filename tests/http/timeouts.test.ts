import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { HTTP_BOUNDS } from '../../src/adapters/fastify/bounds.ts'
import { eventually } from '../support/eventually.ts'
import { listen, startHTTP } from '../support/http/http.ts'
import { connectRaw, rawRequest } from '../support/http/raw-client.ts'

/** Each test shortens the one that it is about. */
const LONG = { requestMs: 60_000, requestCheckMs: 30, connectionMs: 60_000, keepAliveMs: 60_000 }
const SHORT_MS = 150
const ROOM_LIMIT_MS = 20_000

t.test('a connection on which nothing was ever sent is closed', async (t) => {
  for (const timeouts of [
    { ...LONG, connectionMs: SHORT_MS },
    { ...LONG, requestMs: SHORT_MS },
  ]) {
    const { port } = await listen(t, await startHTTP(t, { timeouts }))
    await (await connectRaw(t, port)).closed()
  }
})

t.test('a connection that is idle after an answer is closed', async (t) => {
  const { port } = await listen(t, await startHTTP(t, { timeouts: { ...LONG, keepAliveMs: SHORT_MS } }))
  const one = await connectRaw(t, port)
  one.write(rawRequest('GET', '/livez').repeat(3))
  for (let turn = 0; turn < 3; turn += 1) t.equal((await one.answer()).status, 200)
  t.equal(await one.closed(), '')
})

t.test('a client that stops sending in the middle of a request is cut', async (t) => {
  const { port } = await listen(t, await startHTTP(t, { timeouts: { ...LONG, connectionMs: SHORT_MS } }))
  const head = rawRequest('PUT', '/api/v1/users/ann/wallet', { a: 1 })
  for (const sent of [head.slice(0, 20), head.slice(0, -2)]) {
    const one = await connectRaw(t, port)
    one.write(sent)
    t.equal(await one.closed(), '')
  }
})

t.test('a client that does not read its answers is cut, and read no further meanwhile', async (t) => {
  const http = await startHTTP(t, { timeouts: { ...LONG, connectionMs: SHORT_MS } })
  const { port } = await listen(t, http)
  const client = connect(port, '127.0.0.1')
  t.teardown(() => client.destroy())
  client.on('error', () => {})
  const [socket]: Socket[] = await once(http.app.server, 'connection')
  const requests = 5000
  client.pause()
  client.write(rawRequest('GET', '/openapi.json').repeat(requests))
  await once(socket ?? client, 'close')
  const answered = http.log.filter(({ msg }) => msg === 'request').length
  t.ok(answered > 0 && answered < requests, `${answered} of ${requests} were answered`)
})

t.test(
  'there is a bound on connections: past it one is closed as it comes, and one that goes makes room',
  async (t) => {
    const http = await startHTTP(t)
    t.equal(http.app.server.maxConnections, HTTP_BOUNDS.connections)
    http.app.server.maxConnections = 2
    const { port } = await listen(t, http)
    const [first, second] = [await connectRaw(t, port), await connectRaw(t, port)]
    for (const one of [first, second]) {
      one.write(rawRequest('GET', '/livez'))
      t.equal((await one.answer()).status, 200)
    }
    t.equal(await (await connectRaw(t, port)).closed(), '')
    second.write(rawRequest('GET', '/livez'))
    t.equal((await second.answer()).status, 200, 'those that are there go on')
    first.reset()
    await eventually('there is room', ROOM_LIMIT_MS, async () => {
      const next = await connectRaw(t, port)
      next.write(rawRequest('GET', '/livez'))
      return next.answer().catch(() => undefined)
    })
  },
)
