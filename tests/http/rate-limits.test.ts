import t from 'tap'
import { type Call, startHTTP } from '../support/http/http.ts'
import { bearer, createIssuer, trusting } from '../support/http/issuer.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, walletPath } from '../support/http/wallet-client.ts'

const HOUR_MS = 3_600_000
const NONE = { perUser: undefined, perAddress: undefined }
const THREE = { requests: 3, windowMs: HOUR_MS }

t.test('an address may send so many requests; then it is told when to come back, and nothing is done', async (t) => {
  const { send } = await startHTTP(t, { rateLimits: { ...NONE, perAddress: THREE } })
  const client = createWalletClient(send)
  await client.open('ann')
  const id = await client.newID('ann')
  t.equal((await client.wallet('ann')).status, 200)
  for (const call of [
    () => client.deposit('ann', 1, id),
    () => client.wallet('bob'),
    () => client.put('ann', 'deposit', '{'),
  ]) {
    const answer = await call()
    isProblem(t, answer, 'TOO_MANY_REQUESTS')
    const seconds = Number(answer.headers['retry-after'])
    t.ok(Number.isInteger(seconds) && seconds > 3590 && seconds <= 3600, `Retry-After: ${seconds}`)
  }
})

t.test('when its time has passed an address may send as many again', async (t) => {
  const windowMs = 900
  const start = Date.now()
  const clock = { now: start }
  t.intercept(Date, 'now', { value: () => clock.now })
  const { send } = await startHTTP(t, { rateLimits: { ...NONE, perAddress: { requests: 1, windowMs } } })
  const client = createWalletClient(send)
  t.equal((await client.open('ann')).status, 201)
  const refused = await client.open('ann')
  isProblem(t, refused, 'TOO_MANY_REQUESTS')
  t.equal(refused.headers['retry-after'], '1', 'never 0')
  clock.now = start + windowMs + 1
  t.equal((await client.open('ann')).status, 200)
})

t.test(
  'probes and documents are never limited, HEAD counts once, and a path that is not there not at all',
  async (t) => {
    const { send } = await startHTTP(t, { rateLimits: { ...NONE, perAddress: THREE } })
    for (let round = 0; round < 10; round += 1) {
      for (const path of ['/livez', '/readyz', '/openapi.json', '/docs/'])
        t.equal((await send({ method: 'GET', path })).status, 200)
      t.equal((await send({ method: 'GET', path: '/nothing' })).status, 404)
      t.equal((await send({ method: 'DELETE', path: walletPath('ann') })).status, 405)
    }
    for (const status of [404, 404, 404, 429])
      t.equal((await send({ method: 'HEAD', path: walletPath('ann') })).status, status)
  },
)

t.test(
  'an address is the one that connects, whatever it says; behind a trusted proxy the one that the proxy names',
  async (t) => {
    const from = (address: string): Call => ({
      method: 'GET',
      path: walletPath('u'),
      headers: { 'x-forwarded-for': address },
    })
    const rateLimits = { ...NONE, perAddress: THREE }
    async function statuses(trustedProxies: readonly string[], addresses: readonly string[]): Promise<number[]> {
      const { send } = await startHTTP(t, { rateLimits, trustedProxies })
      const all = []
      for (const address of addresses) all.push((await send(from(address))).status)
      return all
    }
    const many = ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4']
    t.same(await statuses([], many), [404, 404, 404, 429])
    t.same(await statuses(['10.0.0.0/8'], many), [404, 404, 404, 429], 'some other proxy')
    t.same(await statuses(['127.0.0.0/8'], many), [404, 404, 404, 404])
    t.same(await statuses(['127.0.0.1'], Array(4).fill('1.1.1.1')), [404, 404, 404, 429])
    const forged = many.map((address) => `${address}, 9.9.9.9`)
    t.same(await statuses(['127.0.0.1'], forged), [404, 404, 404, 429], 'what the client wrote itself does not count')
    const network = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4', '2001:db8:0:1::1']
    t.same(await statuses(['127.0.0.1'], network), [404, 404, 404, 429, 404], 'an IPv6 network of 64 bits is one')
    const ports = ['10.9.0.1:4001', '10.9.0.1:4002', '10.9.0.1:4003', '10.9.0.1:4004']
    t.same(await statuses(['127.0.0.1'], ports), [404, 404, 404, 429], 'each port is the same caller')
    const unknown = ['unknown', '_hidden', '9.9.9.9, garbage', '']
    t.same(await statuses(['127.0.0.1'], unknown), [404, 404, 404, 429], 'who names no address is counted itself')
  },
)

t.test(
  'a user may send so many requests, whatever they ask for and from wherever; an administrator any number',
  async (t) => {
    const issuer = await createIssuer(t)
    const { authenticate } = trusting(issuer)
    const { send } = await startHTTP(t, { authenticate, rateLimits: { ...NONE, perUser: THREE } })
    const as = (token: string) => createWalletClient((call) => send({ ...call, headers: bearer(token) }))
    const ann = as(await issuer.token('ann'))
    t.equal((await ann.open('ann')).status, 201)
    t.equal((await ann.wallet('bob')).status, 404)
    isProblem(t, await ann.deposit('ann', 1, 'x'), 'FORBIDDEN', undefined, 'not counted: it is turned away before')
    t.equal((await ann.wallet('ann')).status, 200)
    isProblem(t, await ann.wallet('ann'), 'TOO_MANY_REQUESTS')
    isProblem(t, await as(await issuer.token('ann', { claims: { jti: 'new' } })).wallet('ann'), 'TOO_MANY_REQUESTS')
    t.equal((await as(await issuer.token('bob')).open('bob')).status, 201, 'another user is not held back')
    const admin = as(await issuer.admin())
    for (let round = 0; round < 5; round += 1) t.equal((await admin.wallet('ann')).status, 200)
    isProblem(t, await as('garbage').wallet('ann'), 'UNAUTHENTICATED')
  },
)

t.test('an address that is past its limit has no tokens checked', async (t) => {
  let checked = 0
  const authenticate = async () => {
    checked += 1
    return { kind: 'refused', fault: 'untrusted' } as const
  }
  const { send } = await startHTTP(t, { authenticate, rateLimits: { ...NONE, perAddress: THREE } })
  for (const code of ['UNAUTHENTICATED', 'UNAUTHENTICATED', 'UNAUTHENTICATED', 'TOO_MANY_REQUESTS'] as const)
    isProblem(t, await send({ method: 'GET', path: walletPath('ann'), headers: bearer('guess') }), code)
  t.equal(checked, 3)
})
