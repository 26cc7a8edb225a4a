import { once } from 'node:events'
import { createServer as createHTTPServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTLSServer } from 'node:tls'
import t, { type Test } from 'tap'
import { createWalletClient, WalletProblem, WalletUnsettled } from '../../client/client.ts'
import { whyNotSent } from '../../client/sendable.ts'
import { freePort } from '../support/database/relay.ts'
import { SELF_SIGNED } from '../support/http/self-signed.ts'
import { listenOnFreePort } from '../support/listen.ts'

/* Whether a movement that was not answered may have been executed: with sockets that fail in every way there is. */

const ID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
/** Several attempts. */
const DEADLINE_MS = 600
/** Not waited for by any test that passes. */
const LONG_MS = 60_000

type Options = Parameters<typeof createWalletClient>[0]

/** What a deposit with an ID ends with. */
function deposit(options: Options, signal?: AbortSignal): Promise<unknown> {
  return createWalletClient({ deadlineMs: DEADLINE_MS, ...options })
    .deposit({ to: 'ann', amount: 1 }, { transactionID: ID, ...(signal && { signal }) })
    .catch((error: unknown) => error)
}

async function unsettled(...given: Parameters<typeof deposit>): Promise<WalletUnsettled> {
  const error = await deposit(...given)
  if (!(error instanceof WalletUnsettled) || error.transactionID !== ID) throw error
  return error
}

async function listening(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {})
    sockets.add(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** An HTTP server that counts what it is asked. */
async function counted(t: Test, status: number, headers: Record<string, string> = {}) {
  let requests = 0
  const server = createHTTPServer((_request, response) => {
    requests += 1
    response.writeHead(status, headers).end()
  })
  return { url: await listenOnFreePort(t, server), requests: () => requests }
}

t.test('no one listens, at every attempt until the deadline: it was not executed', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`
  let attempts = 0
  const counting: typeof fetch = (...request) => {
    attempts += 1
    return fetch(...request)
  }
  const error = await unsettled({ url, fetch: counting })
  t.match(error, { reason: 'deadline', outcome: 'not-executed', cause: { cause: { code: 'ECONNREFUSED' } } })
  t.match(error.message, /it was not executed$/)
  t.ok(attempts > 1, `${attempts} attempts`)
})

t.test(
  'a refusal that came while the process was held up beyond the deadline is read: it was not executed',
  async (t) => {
    const url = `http://127.0.0.1:${await freePort()}`
    const heldUp: typeof fetch = (...request) => {
      const sending = fetch(...request)
      setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DEADLINE_MS + 50))
      return sending
    }
    const error = await unsettled({ url, fetch: heldUp })
    t.match(error, { reason: 'deadline', outcome: 'not-executed', cause: { cause: { code: 'ECONNREFUSED' } } })
  },
)

t.test('no attempt is begun again that the deadline would soon cut off', async (t) => {
  const { url, requests } = await counted(t, 503)
  t.match(await unsettled({ url, deadlineMs: 99 }), { reason: 'deadline' })
  t.equal(requests(), 1)
})

t.test('no such host: it was not executed', async (t) => {
  const error = await unsettled({ url: 'http://no-such-host.invalid' })
  t.match(error, { reason: 'deadline', outcome: 'not-executed' })
})

t.test(
  'a connection that was made and then cut, before or after a byte was read: it may have been executed',
  async (t) => {
    for (const [name, onConnection] of [
      ['closed before', (socket: Socket) => socket.destroy()],
      ['closed after', (socket: Socket) => socket.once('data', () => socket.destroy())],
      ['reset after', (socket: Socket) => socket.once('data', () => socket.resetAndDestroy())],
      ['cut in the answer', (socket: Socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-le'))],
    ] as const) {
      const port = await listening(t, createServer(onConnection))
      t.match(await unsettled({ url: `http://127.0.0.1:${port}` }), { reason: 'deadline', outcome: 'unknown' }, name)
    }
  },
)

t.test('one attempt that may have left counts for the whole call, though all later ones are refused', async (t) => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.destroy())
    server.close()
  })
  const port = await listening(t, server)
  const error = await unsettled({ url: `http://127.0.0.1:${port}` })
  t.match(error, { reason: 'deadline', outcome: 'unknown', cause: { cause: { code: 'ECONNREFUSED' } } })
})

t.test('TLS that does not come about: it was not executed', async (t) => {
  let requests = 0
  const untrusted = createTLSServer(SELF_SIGNED, (socket) => socket.once('data', () => (requests += 1)))
  for (const [name, server] of [
    ['a port without TLS', createHTTPServer(() => (requests += 1))],
    ['a certificate that no one vouches for', untrusted],
    ['closed at once', createServer((socket) => socket.destroy())],
    ['closed after the first message', createServer((socket) => socket.once('data', () => socket.destroy()))],
  ] as const) {
    const port = await listening(t, server)
    const error = await unsettled({ url: `https://127.0.0.1:${port}` })
    t.match(error, { reason: 'deadline', outcome: 'not-executed' }, name)
  }
  t.equal(requests, 0)
})

t.test('a port that fetch connects to never ends the call at once', async (t) => {
  const error = await unsettled({ url: 'http://127.0.0.1:1', deadlineMs: LONG_MS })
  t.match(error, { reason: 'unsendable', outcome: 'not-executed' })
})

t.test('a function that gives no token ends the call at once; the token is not repeated', async (t) => {
  const { url, requests } = await counted(t, 200)
  for (const text of ['', 'Bearer secret', 'secret\n', '名secret']) {
    const error = await unsettled({ url, deadlineMs: LONG_MS, token: async () => text })
    t.match(error, {
      reason: 'unsendable',
      outcome: 'not-executed',
      message: /^it cannot be sent; it was not executed$/,
    })
    t.match(error.cause, new TypeError('the token is not an access token alone, without "Bearer"'))
  }
  t.equal(requests(), 0)
})

t.test('a function that gives no token after an attempt that may have left: it may have been executed', async (t) => {
  const { url, requests } = await counted(t, 502)
  const token = () => (requests() === 0 ? 'good' : 'not good')
  t.match(await unsettled({ url, deadlineMs: LONG_MS, token }), { reason: 'unsendable', outcome: 'unknown' })
  t.equal(requests(), 1)
})

t.test('a signal that comes while the token is asked for, or a token that never comes: nothing was sent', async (t) => {
  const { url, requests } = await counted(t, 200)
  const ending = new AbortController()
  const late = async () => {
    ending.abort(new Error('the user has gone'))
    return 'good'
  }
  const aborted = await unsettled({ url, deadlineMs: LONG_MS, token: late }, ending.signal)
  t.match(aborted, { reason: 'aborted', outcome: 'not-executed' })
  const never = await unsettled({ url, token: () => new Promise(() => {}) })
  t.match(never, { reason: 'deadline', outcome: 'not-executed' })
  t.equal(requests(), 0)
})

t.test('a redirect is not followed: the client says so at once, and that something was sent', async (t) => {
  const elsewhere = await counted(t, 200)
  for (const status of [301, 302, 303, 307, 308])
    for (const location of [elsewhere.url, `http://127.0.0.1:${await freePort()}`]) {
      const { url, requests } = await counted(t, status, { location })
      const error = await deposit({ url, deadlineMs: LONG_MS })
      t.ok(error instanceof WalletProblem)
      t.match(error, { code: 'UNEXPECTED_ANSWER', status, detail: /^a redirect, /, outcome: 'unknown' })
      t.equal(requests(), 1)
    }
  t.equal(elsewhere.requests(), 0)
})

t.test('what is only read or issued has no outcome to doubt', async (t) => {
  const port = await listening(
    t,
    createServer((socket) => socket.destroy()),
  )
  const strange = await counted(t, 418)
  for (const url of [`http://127.0.0.1:${port}`, strange.url]) {
    const client = createWalletClient({ url, deadlineMs: DEADLINE_MS })
    for (const call of [
      () => client.wallet('ann'),
      () => client.page('ann'),
      () => client.status('ann', ID),
      () => client.issue('ann'),
      () => client.deposit({ to: 'ann', amount: 1 }),
    ])
      t.match(await call().catch((error: unknown) => error), { outcome: 'not-executed', transactionID: undefined })
  }
})

const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' })
const cut = Object.assign(new Error('cut'), { code: 'ECONNRESET', syscall: 'read' })
const coded = (code: string) => Object.assign(new Error('of TLS'), { code })

t.test('nothing was sent only if the error says so, for every address', async (t) => {
  for (const [cause, why] of [
    [refused, 'ECONNREFUSED'],
    [new AggregateError([refused, refused]), 'ECONNREFUSED'],
    [new AggregateError([refused, cut]), undefined],
    [new AggregateError([]), undefined],
    [Object.assign(new Error('x'), { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }), 'EAI_AGAIN'],
    [coded('UND_ERR_CONNECT_TIMEOUT'), 'UND_ERR_CONNECT_TIMEOUT'],
    [coded('CERT_HAS_EXPIRED'), 'CERT_HAS_EXPIRED'],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    // Where TLS 1.3 asks for a certificate of the client, it says so when the request may have left.
    [coded('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), undefined],
    [coded('ERR_SSL_BAD_RECORD_TYPE'), undefined],
    [coded('EPROTO'), undefined],
    [coded('UND_ERR_SOCKET'), undefined],
    [coded('UND_ERR_HEADERS_TIMEOUT'), undefined],
    [cut, undefined],
    // Of a browser, nothing else comes.
    [undefined, undefined],
  ] as const)
    t.equal(whyNotSent(new TypeError('fetch failed', { cause })), why, String(cause))
  t.equal(whyNotSent(refused), undefined, 'of another fetch')
})

t.test('an answer that breaks off was answered, whatever its error says', async (t) => {
  const broken: typeof fetch = async () =>
    new Response(new ReadableStream({ pull: (body) => body.error(new TypeError('terminated', { cause: refused })) }))
  t.match(await unsettled({ url: 'http://service', fetch: broken }), { outcome: 'unknown' })
})
