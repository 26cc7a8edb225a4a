import t, { type Test } from 'tap'
import { createWalletClient, WalletProblem, WalletUnsettled } from '../../client/client.ts'
import { createRelay } from '../support/database/relay.ts'
import { createHeldStore, MAYBE_WRITTEN, NOT_WRITTEN, uniformBounds } from '../support/http/held-store.ts'
import { listen, settableClock, startHTTP } from '../support/http/http.ts'
import { createWalletClient as createBareClient } from '../support/http/wallet-client.ts'

/** How long the service under test tries by itself. */
const SERVICE_MS = 100
/** Less than a Retry-After more than the service takes: it ends with the first answer. */
const SHORT_MS = 1000
const SOON_MS = 150
const LONG_MS = 20_000
/** What waits for this is found out by the limit of the whole file. */
const LONGER_THAN_THE_TEST_MS = 3_600_000

/** A service whose store can be held and broken, its client behind a relay that can be cut, and one that is not. */
async function setUp(t: Test) {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const http = await startHTTP(t, { clock, store: held.store, bounds: uniformBounds({ deadlineMs: SERVICE_MS }) })
  const { port } = await listen(t, http)
  const relay = await createRelay(t, { host: '127.0.0.1', port })
  await relay.open()
  const bare = createBareClient(http.send)
  await bare.open('ann')
  const client = createWalletClient({ url: `http://127.0.0.1:${relay.address.port}`, deadlineMs: LONG_MS })
  return { held, relay, client, bare }
}

/** A `fetch` that answers from a list, and notes what it was sent. */
function scripted(answers: readonly (() => Response | Promise<Response>)[]) {
  const sent: { method: string | undefined; url: string; body: unknown; at: number }[] = []
  const fake: typeof fetch = async (input, init) => {
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined
    sent.push({ method: init?.method, url: String(input), body, at: performance.now() })
    const answer = answers[Math.min(sent.length, answers.length) - 1]
    if (answer === undefined) throw new Error('no answer is left')
    return answer()
  }
  return { fake, sent }
}

const ID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
const executed = {
  ...{ id: 1, transactionID: ID, userID: 'ann', type: 1, amount: 1, balance: 1, passiveUserID: null },
  createdAt: '2024-12-16T03:59:02.608558Z',
}
const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  () =>
    Response.json(body, { status, headers })
const problem = (status: number, code: string, headers?: Record<string, string>) =>
  json(status, { type: 'urn:x', title: 'x', status, code, detail: 'x', instance: 'x' }, headers)
const lost = () => {
  throw new TypeError('fetch failed')
}

async function unsettled(call: Promise<unknown>): Promise<WalletUnsettled> {
  const error = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!(error instanceof WalletUnsettled)) throw error ?? new Error('it went well')
  return error
}

t.test('a connection that is cut before the answer: sent again with the same ID, executed once', async (t) => {
  const { held, relay, client, bare } = await setUp(t)
  const reached = held.hold()
  const ids: string[] = []
  const depositing = client.deposit({ to: 'ann', amount: 5 }, { onTransactionID: (id) => void ids.push(id) })
  await reached
  await relay.close()
  held.release()
  await relay.open()
  t.match(await depositing, { id: 1, amount: 5n, balance: 5n, transactionID: ids[0] })
  t.equal(ids.length, 1, 'one ID was asked for')
  t.match(await bare.wallet('ann'), { body: { balance: 5, version: 1 } })
})

t.test('OUTCOME_UNKNOWN and no answer from the service: sent again until it is known', async (t) => {
  const { held, client, bare } = await setUp(t)
  const reached = held.hold()
  const depositing = client.deposit({ to: 'ann', amount: 5 })
  await reached
  // Longer than the service waits for its store: by now it has said OUTCOME_UNKNOWN at least once.
  setTimeout(held.release, 3 * SERVICE_MS)
  t.match(await depositing, { id: 1, balance: 5n })
  t.match(await bare.wallet('ann'), { body: { balance: 5, version: 1 } })
})

t.test('past the deadline it says whether the write may have been executed, and with which ID', async (t) => {
  for (const [failure, outcome] of [
    [NOT_WRITTEN, 'not-executed'],
    [MAYBE_WRITTEN, 'unknown'],
  ] as const) {
    const { held, client } = await setUp(t)
    const { transactionID } = await client.issue('ann')
    held.fail(failure)
    const error = await unsettled(client.deposit({ to: 'ann', amount: 5 }, { transactionID, deadlineMs: SHORT_MS }))
    t.match(error, { name: 'WalletUnsettled', reason: 'deadline', outcome, transactionID })
    t.match(error.message, outcome === 'unknown' ? /may have been executed/ : /was not executed/)
  }
})

t.test('no one there: no transaction ID, nothing executed', async (t) => {
  const { relay, client } = await setUp(t)
  await relay.close()
  const error = await unsettled(client.deposit({ to: 'ann', amount: 5 }, { deadlineMs: SHORT_MS }))
  t.match(error, { reason: 'deadline', outcome: 'not-executed', transactionID: undefined })
})

t.test('what answers later is asked again, every time with the same body', async (t) => {
  const later = [
    problem(503, 'OVERLOADED'),
    problem(503, 'DATABASE_UNAVAILABLE'),
    problem(503, 'OUTCOME_UNKNOWN'),
    problem(429, 'RATE_LIMITED'),
    () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
    () => new Response('<h1>Gateway timeout</h1>', { status: 504 }),
    () => new Response('{"id":1,"transact'),
    json(200, { ...executed, amount: 'one' }),
    lost,
  ]
  const issued = json(201, { transactionID: ID, expiresAt: 'x' })
  for (const answer of later) {
    const { fake, sent } = scripted([issued, answer, answer, json(200, executed)])
    const client = createWalletClient({ url: 'http://service', fetch: fake, deadlineMs: LONG_MS })
    t.match(await client.deposit({ to: 'ann', amount: 1 }), { balance: 1n })
    t.equal(sent.length, 4)
    for (const { method, url, body } of sent.slice(1)) {
      t.strictSame([method, url], ['PUT', 'http://service/api/v1/users/ann/wallet/deposit'])
      t.strictSame(body, { amount: 1, transactionID: ID })
    }
  }
})

t.test('the outcome is unknown exactly when one of the attempts may have been executed', async (t) => {
  for (const [name, answer, outcome] of [
    ['OVERLOADED', problem(503, 'OVERLOADED'), 'not-executed'],
    ['DATABASE_UNAVAILABLE', problem(503, 'DATABASE_UNAVAILABLE'), 'not-executed'],
    ['429', problem(429, 'RATE_LIMITED'), 'not-executed'],
    ['OUTCOME_UNKNOWN', problem(503, 'OUTCOME_UNKNOWN'), 'unknown'],
    ["a proxy's 503", () => new Response('', { status: 503 }), 'unknown'],
    ['502', () => new Response('', { status: 502 }), 'unknown'],
    ['half an answer', () => new Response('{'), 'unknown'],
    ['a lost connection', lost, 'unknown'],
  ] as const) {
    const { fake } = scripted([answer, problem(503, 'OVERLOADED')])
    const client = createWalletClient({ url: 'http://service', fetch: fake, deadlineMs: SOON_MS })
    const error = await unsettled(client.deposit({ to: 'ann', amount: 1 }, { transactionID: ID }))
    t.equal(error.outcome, outcome, name)
  }
})

t.test('an answer that is no is not asked again; one that is none of the service’s settles nothing', async (t) => {
  for (const [answer, code, outcome] of [
    [problem(422, 'INSUFFICIENT_BALANCE'), 'INSUFFICIENT_BALANCE', 'not-executed'],
    [problem(422, 'OF_A_LATER_VERSION'), 'OF_A_LATER_VERSION', 'not-executed'],
    [problem(400, 'INVALID_REQUEST'), 'INVALID_REQUEST', 'not-executed'],
    [problem(500, 'INTERNAL'), 'INTERNAL', 'unknown'],
    [() => new Response('<h1>Forbidden</h1>', { status: 403 }), 'UNEXPECTED_ANSWER', 'unknown'],
  ] as const) {
    const { fake, sent } = scripted([answer])
    const client = createWalletClient({ url: 'http://service', fetch: fake })
    const call = client.deposit({ to: 'ann', amount: 1 }, { transactionID: ID })
    const error = await call.catch((cause: unknown) => cause)
    t.ok(error instanceof WalletProblem)
    t.match(error, { code, outcome, transactionID: ID }, code)
    t.equal(sent.length, 1)
  }
})

t.test('an answer that is no says nothing of an attempt before that was lost, unless it is final', async (t) => {
  for (const [answer, outcome] of [
    [problem(401, 'UNAUTHENTICATED'), 'unknown'],
    [problem(403, 'FORBIDDEN'), 'unknown'],
    [problem(422, 'INSUFFICIENT_BALANCE'), 'not-executed'],
    [problem(404, 'WALLET_NOT_FOUND'), 'not-executed'],
  ] as const) {
    const { fake } = scripted([lost, answer])
    const client = createWalletClient({ url: 'http://service', fetch: fake })
    const call = client.deposit({ to: 'ann', amount: 1 }, { transactionID: ID })
    t.match(await call.catch((cause: unknown) => cause), { name: 'WalletProblem', outcome })
  }
})

t.test('Retry-After is waited for, in seconds and as a date', async (t) => {
  const inTwoSeconds = () => new Date(Date.now() + 2000).toUTCString()
  for (const value of [() => '1', inTwoSeconds]) {
    const busy = () => problem(503, 'OVERLOADED', { 'retry-after': value() })()
    const { fake, sent } = scripted([busy, json(200, executed)])
    const client = createWalletClient({ url: 'http://service', fetch: fake })
    await client.deposit({ to: 'ann', amount: 1 }, { transactionID: ID })
    const [first, second] = sent
    t.ok((second?.at ?? 0) - (first?.at ?? 0) >= 990, value())
  }
})

t.test('a Retry-After beyond the deadline is not waited for', async (t) => {
  const { fake } = scripted([problem(503, 'OVERLOADED', { 'retry-after': '36000' })])
  const client = createWalletClient({ url: 'http://service', fetch: fake, deadlineMs: LONGER_THAN_THE_TEST_MS })
  t.match(await unsettled(client.wallet('ann')), { reason: 'deadline', outcome: 'not-executed' })
})

/** Never answers; ends when it is told to. */
const silent: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))

t.test('an attempt without an answer is given up, and another made', async (t) => {
  let attempts = 0
  const deaf: typeof fetch = (input, init) => {
    attempts += 1
    return attempts < 3 ? silent(input, init) : Promise.resolve(Response.json(executed))
  }
  const client = createWalletClient({ url: 'http://service', fetch: deaf, attemptTimeoutMs: 20 })
  t.match(await client.deposit({ to: 'ann', amount: 1 }, { transactionID: ID }), { balance: 1n })
  t.equal(attempts, 3)
})

t.test('the caller may end a call at any time, and is told what that leaves', async (t) => {
  const { held, client, bare } = await setUp(t)
  const reason = new Error('the user has gone')
  const before = AbortSignal.abort(reason)
  t.match(await unsettled(client.deposit({ to: 'ann', amount: 5 }, { signal: before })), {
    ...{ reason: 'aborted', outcome: 'not-executed', transactionID: undefined, cause: reason },
  })
  const { transactionID } = await client.issue('ann')
  const reached = held.hold()
  const ending = new AbortController()
  const depositing = client.deposit({ to: 'ann', amount: 5 }, { transactionID, signal: ending.signal })
  await reached
  ending.abort(reason)
  t.match(await unsettled(depositing), { reason: 'aborted', outcome: 'unknown', transactionID, cause: reason })
  held.release()
  t.match(await client.deposit({ to: 'ann', amount: 5 }, { transactionID }), { balance: 5n }, 'and it is found out')
  t.match(await bare.wallet('ann'), { body: { balance: 5, version: 1 } })

  const { fake } = scripted([problem(503, 'OVERLOADED', { 'retry-after': '3000' })])
  for (const [what, fetch] of [
    ['while it waits for an answer', silent],
    ['while it waits before the next attempt', fake],
  ] as const) {
    const waiting = createWalletClient({ url: 'http://service', fetch, deadlineMs: LONGER_THAN_THE_TEST_MS })
    const ending = new AbortController()
    setTimeout(() => ending.abort(reason), 20)
    t.match(await unsettled(waiting.wallet('ann', { signal: ending.signal })), { reason: 'aborted' }, what)
  }
})
