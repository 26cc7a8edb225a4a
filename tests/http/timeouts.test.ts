import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { listen, startHTTP } from '../support/http/http.ts'
import { connectRaw, rawRequest } from '../support/http/raw-client.ts'

/** Each test shortens the one that it is about. */
const LONG = { requestMs: 60_000, requestCheckMs: 30, connectionMs: 60_000, keepAliveMs: 60_000 }
const SHORT_MS = 150

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
