import { once } from 'node:events'
import { createServer as createHTTPSServer } from 'node:https'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { formatFeedPage } from '../../src/adapters/fastify/feed-page.ts'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { createWebhookReceiver } from '../../src/adapters/webhook/receiver.ts'
import { FEED_START, type FeedPage } from '../../src/domain/feed.ts'
import { ANN, command, deposit, transact } from '../contract/store-calls.ts'
import { NOW } from '../support/domain-builders.ts'
import { eventually } from '../support/eventually.ts'
import { SELF_SIGNED } from '../support/http/self-signed.ts'
import { HANG, REFUSE, startReceiver, TAKE, WEBHOOK_SECRET } from '../support/http/webhook-receiver.ts'

const LIMIT_MS = 60_000
const SHORT_MS = 300
const NEVER = new AbortController().signal

async function page(): Promise<FeedPage> {
  const store = createMemoryWalletStore(() => NOW)
  await store.open([ANN])
  await transact(store, command(ANN, deposit(1n)), command(ANN, deposit(2n)))
  const answer = await store.feed({ after: FEED_START, limit: 100 })
  if (answer.kind !== 'page') throw new Error('there is no page')
  return answer.page
}

/** Posts to the address, and says what is said of it. */
function posting(t: Test, url: string, timeoutMs = LIMIT_MS) {
  const receiver = createWebhookReceiver({
    ...{ url: new URL(url), secrets: [WEBHOOK_SECRET], format: formatFeedPage, timeoutMs },
  })
  t.teardown(() => receiver.close())
  const same = page()
  return async (signal = NEVER) => receiver.post(await same, signal)
}

/** A server that sends these bytes for whatever comes, and closes the connection or not. */
async function startRaw(t: Test, answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

t.test('2xx means that it was taken, whatever else is said; all else is a failure that says what came', async (t) => {
  const receiver = await startReceiver(t)
  const post = posting(t, `${receiver.url}/hooks?token=t0ken`)
  for (const status of [200, 201, 202, 204, 299]) {
    receiver.answer((response) => void response.writeHead(status).end(status === 204 ? undefined : 'whatever'))
    t.equal(await post(), undefined, String(status))
  }
  for (const status of [400, 401, 404, 410, 429, 500, 503]) {
    receiver.answer((response) => void response.writeHead(status).end('whatever'))
    t.equal(await post(), `answered ${status}`)
  }
  t.strictSame(new Set(receiver.received.map(({ path }) => path)), new Set(['/hooks?token=t0ken']))
  t.equal(new Set(receiver.received.map(({ id, body }) => id + body)).size, 1, 'each time the very same message')
})

t.test('a redirect is not followed, whichever it is: where it leads no one ever asks', async (t) => {
  const other = await startReceiver(t)
  let connections = 0
  other.server.on('connection', () => {
    connections += 1
  })
  const receiver = await startReceiver(t)
  const post = posting(t, receiver.url)
  for (const status of [300, 301, 302, 303, 307, 308]) {
    receiver.answer((response) => void response.writeHead(status, { location: `${other.url}/` }).end())
    t.equal(await post(), `answered ${status}, and redirects are not followed`)
  }
  receiver.answer(
    (response) => void response.writeHead(200, { location: other.url, refresh: `0;url=${other.url}` }).end(),
  )
  t.equal(await post(), undefined)
  t.equal(connections, 0)
})

t.test('no answer within the time is a failure, and ends the request', async (t) => {
  const receiver = await startReceiver(t, HANG)
  t.equal(await posting(t, receiver.url, SHORT_MS)(), 'no answer within 0.3 s')
  await eventually('it was cut off', LIMIT_MS, () => receiver.cutOff() || undefined)
  const trickle = await startRaw(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const more = setInterval(() => socket.write('x: y\r\n'), 20)
    socket.on('close', () => clearInterval(more))
  })
  t.equal(await posting(t, trickle, SHORT_MS)(), 'no answer within 0.3 s', 'a head that does not end')
})

t.test('an answer that comes late, but in time, counts', async (t) => {
  const receiver = await startReceiver(t, (response) => void setTimeout(() => response.end('late'), SHORT_MS))
  t.equal(await posting(t, receiver.url)(), undefined)
})

t.test('a body without an end is not read to its end, and what the status said counts', async (t) => {
  for (const status of [200, 500]) {
    const receiver = await startReceiver(t, (response) => {
      response.writeHead(status)
      const fill = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16 * 1024)));
      }
      response.on('drain', fill)
      fill()
    })
    t.equal(await posting(t, receiver.url)(), status === 200 ? undefined : 'answered 500')
    await eventually('it was cut off', LIMIT_MS, () => receiver.cutOff() || undefined)
    const silent = await startReceiver(t, (response) => void response.writeHead(status).flushHeaders())
    t.equal(await posting(t, silent.url)(), status === 200 ? undefined : 'answered 500')
    await eventually('it was cut off', LIMIT_MS, () => silent.cutOff() || undefined)
  }
})

t.test('whatever is no answer is a failure', async (t) => {
  const closed = await startReceiver(t)
  closed.server.close()
  t.match(await posting(t, closed.url)(), /ECONNREFUSED/)
  for (const [what, answer, reason] of [
    ['it hangs up', (socket: Socket) => socket.end(), /hang up/],
    ['it resets', (socket: Socket) => socket.resetAndDestroy(), /ECONNRESET/],
    ['no HTTP', (socket: Socket) => socket.end('hello\r\n\r\n'), /^Parse Error/],
    [
      'another protocol',
      (socket: Socket) => socket.end('HTTP/1.1 101 So\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      /./,
    ],
    [
      'a head of a megabyte',
      (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1e6)}\r\n\r\n`),
      /Header/,
    ],
  ] as const)
    t.match(await posting(t, await startRaw(t, answer), 10_000)(), reason, what)
})

t.test('a certificate that nothing vouches for is a failure, and nothing is sent', async (t) => {
  let requests = 0
  const server = createHTTPSServer(SELF_SIGNED, (_request, response) => {
    requests += 1
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  t.match(await posting(t, `https://127.0.0.1:${port}/secret`)(), /^self-signed certificate/)
  t.equal(requests, 0)
})

t.test('a connection is kept for the next message, and one that was closed meanwhile is no failure', async (t) => {
  const receiver = await startReceiver(t)
  const sockets = new Set<Socket>()
  let connections = 0
  receiver.server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
  })
  const post = posting(t, receiver.url)
  for (let round = 0; round < 3; round += 1) t.equal(await post(), undefined)
  t.equal(connections, 1)
  for (const how of ['end', 'resetAndDestroy'] as const) {
    for (const socket of sockets) socket[how]()
    sockets.clear()
    t.equal(await post(), undefined, how)
  }
  t.equal(connections, 3)
})

t.test('a receiver that hangs up on a connection that was kept is asked once more, not for ever', async (t) => {
  const receiver = await startReceiver(t)
  const post = posting(t, receiver.url)
  t.equal(await post(), undefined)
  receiver.answer((response) => void response.destroy())
  t.match(await post(), /hang up|ECONNRESET/)
  t.equal(receiver.received.length, 3)
})

t.test('a message is cut off at the signal, also one that comes before it is sent', async (t) => {
  const receiver = await startReceiver(t, HANG)
  const post = posting(t, receiver.url)
  const ending = new AbortController()
  const posted = post(ending.signal)
  await eventually('it came', LIMIT_MS, () => receiver.received[0])
  ending.abort()
  t.ok(await posted)
  t.ok(await post(ending.signal))
  t.equal(receiver.received.length, 1)
  receiver.answer(REFUSE)
  t.equal(await post(), 'answered 500')
  receiver.answer(TAKE)
  t.equal(await post(), undefined)
})
