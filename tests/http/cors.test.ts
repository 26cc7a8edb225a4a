import t from 'tap'
import { type Answer, type Call, startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { API_PATHS, createWalletClient, walletPath } from '../support/http/wallet-client.ts'

const SHOP = 'https://shop.example'
const LISTED = [SHOP, 'http://localhost:3000']
const UNLISTED = [
  'https://shop.example:8443',
  'http://shop.example',
  'https://shop.example.evil.example',
  'https://evil-shop.example',
  'https://SHOP.example',
  'https://shop.example/',
  'https://shop.example, https://shop.example',
  'null',
  '*',
  '',
]
const WALLET = walletPath('ann')

const from = (origin: string, call: Call): Call => ({ ...call, headers: { ...call.headers, origin } })
const preflight = (origin: string, path: string, method = 'PUT'): Call =>
  from(origin, {
    method: 'OPTIONS',
    path,
    headers: {
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization,content-type',
    },
  })

/** What CORS has an answer say, and nothing else of it. */
const corsHeaders = ({ headers }: Answer) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary'))

const READABLE = {
  vary: 'Origin',
  'access-control-allow-origin': SHOP,
  'access-control-expose-headers': 'Idempotent-Replayed, Link, Retry-After, X-Request-Id, ETag',
}
const PREFLIGHT = {
  ...READABLE,
  'access-control-allow-methods': 'GET, PUT, POST',
  'access-control-allow-headers':
    'Authorization, Content-Type, If-Match, If-None-Match, Last-Event-ID, traceparent, Wallet-Version-Min',
  'access-control-max-age': '600',
}

t.test('by itself it knows no origins: a preflight is 405, and no answer says anything of them', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of Object.keys(API_PATHS)) {
    const answer = await send(preflight(SHOP, path))
    isProblem(t, answer, 'METHOD_NOT_ALLOWED', undefined, path)
    t.strictSame(corsHeaders(answer), {}, path)
  }
  t.strictSame(corsHeaders(await send(from(SHOP, { method: 'PUT', path: WALLET }))), {})
  isProblem(t, await send(preflight(SHOP, '/nothing')), 'ROUTE_NOT_FOUND')
})

t.test('a preflight of a listed origin is answered on every path, before a token is asked for', async (t) => {
  const authenticate = async () => {
    throw new Error('a token was looked at')
  }
  const { send } = await startHTTP(t, { authenticate, corsOrigins: LISTED })
  for (const [path, methods] of Object.entries(API_PATHS)) {
    for (const method of methods) {
      const answer = await send(preflight(SHOP, path, method))
      t.match(answer, { status: 204, text: '' }, `${method} ${path}`)
      t.strictSame(corsHeaders(answer), PREFLIGHT, `${method} ${path}`)
      t.ok(answer.headers['x-request-id'], 'it has an ID, as every answer')
    }
  }
  for (const origin of LISTED)
    t.equal((await send(preflight(origin, WALLET))).headers['access-control-allow-origin'], origin)
})

t.test('a page of a listed origin may read every answer, whatever it is', async (t) => {
  const { send } = await startHTTP(t, { corsOrigins: LISTED })
  const client = createWalletClient((call) => send(from(SHOP, call)))
  await client.open('ann')
  const transactionID = await client.newID('ann')
  await client.deposit('ann', 5, transactionID)
  const replayed = await client.deposit('ann', 5, transactionID)
  t.equal(replayed.headers['idempotent-replayed'], 'true')
  t.strictSame(corsHeaders(replayed), READABLE)
  const { send: sendGuarded } = await startHTTP(t, {
    authenticate: async () => ({ kind: 'refused', fault: 'untrusted' }),
    corsOrigins: LISTED,
  })
  for (const [answer, code] of [
    [await client.wallet('bob'), 'WALLET_NOT_FOUND'],
    [await client.history('ann', '?limit=0'), 'INVALID_REQUEST'],
    [await client.put('ann', 'deposit', '{'), 'INVALID_REQUEST'],
    [await client.withdraw('ann', 6, await client.newID('ann')), 'INSUFFICIENT_BALANCE'],
    [await send(from(SHOP, { method: 'DELETE', path: WALLET })), 'METHOD_NOT_ALLOWED'],
    [await send(from(SHOP, { method: 'GET', path: '/nothing' })), 'ROUTE_NOT_FOUND'],
    [await sendGuarded(from(SHOP, { method: 'GET', path: WALLET })), 'UNAUTHENTICATED'],
  ] as const) {
    isProblem(t, answer, code)
    t.strictSame(corsHeaders(answer), READABLE, code)
  }
})

t.test('any other origin is answered as if there were none, and told apart by caches', async (t) => {
  const { send } = await startHTTP(t, { corsOrigins: LISTED })
  for (const origin of UNLISTED) {
    const refused = await send(preflight(origin, WALLET))
    isProblem(t, refused, 'METHOD_NOT_ALLOWED', undefined, origin)
    t.strictSame(corsHeaders(refused), { vary: 'Origin' }, origin)
    t.strictSame(corsHeaders(await send(from(origin, { method: 'PUT', path: WALLET }))), { vary: 'Origin' }, origin)
  }
  const none = await send({ method: 'PUT', path: WALLET })
  t.equal(none.status, 200)
  t.strictSame(corsHeaders(none), { vary: 'Origin' })
})

t.test('OPTIONS that is no preflight, and paths that are not there, are answered as ever', async (t) => {
  const { send } = await startHTTP(t, { corsOrigins: LISTED })
  const plain = await send(from(SHOP, { method: 'OPTIONS', path: WALLET }))
  isProblem(t, plain, 'METHOD_NOT_ALLOWED')
  t.equal(plain.headers.allow, 'GET, HEAD, PUT')
  for (const path of ['/nothing', '/api/v1', '/docs/nothing/at/all']) {
    isProblem(t, await send(from(SHOP, { method: 'OPTIONS', path })), 'ROUTE_NOT_FOUND', undefined, path)
    isProblem(t, await send(preflight('https://other.example', path)), 'ROUTE_NOT_FOUND', undefined, path)
  }
})

t.test('a preflight does not count as a request of the rate limit', async (t) => {
  const perAddress = { requests: 2, windowMs: 3_600_000 }
  const { send } = await startHTTP(t, { corsOrigins: LISTED, rateLimits: { perUser: undefined, perAddress } })
  const write = () => send(from(SHOP, { method: 'PUT', path: WALLET }))
  for (const status of [201, 200]) {
    for (let n = 0; n < 5; n += 1) t.equal((await send(preflight(SHOP, WALLET))).status, 204)
    t.equal((await write()).status, status)
  }
  const limited = await write()
  isProblem(t, limited, 'TOO_MANY_REQUESTS')
  t.strictSame(corsHeaders(limited), READABLE, 'a page may read when to come back')
  t.equal((await send(preflight(SHOP, WALLET))).status, 204, 'past the limit too')
})
