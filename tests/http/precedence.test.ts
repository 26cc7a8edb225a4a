import t, { type Test } from 'tap'
import { createHeldStore, uniformBounds } from '../support/http/held-store.ts'
import { type Answer, type Call, settableClock, startHTTP, TTL } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith, walletPath } from '../support/http/wallet-client.ts'

/*
 * For every two errors that stand next to each other in the contract's table, a request to which both apply: the first
 * of them is the answer. DATABASE_UNAVAILABLE and what follows it apply where nothing else can be known.
 */

const MAX = Number.MAX_SAFE_INTEGER
const TOO_LARGE = ' '.repeat(16 * 1024 + 1)
const text = { 'content-type': 'text/plain' }

async function setUp(t: Test) {
  const http = await startHTTP(t)
  const client = createWalletClient(http.send)
  await openWith(client, 'ann', 10)
  await openWith(client, 'bob', 10)
  return { ...http, client }
}

/** Everything else that may be wrong with a request, by its body and content type. */
const WRONG: Pick<Call, 'body' | 'headers'>[] = [
  {},
  { body: '{' },
  { body: TOO_LARGE },
  { body: '{', headers: text },
  { body: TOO_LARGE, headers: text },
  { body: TOO_LARGE, headers: { 'content-type': ';' } },
]
const deposit = `${walletPath('ann')}/deposit`
const PATHS = [
  deposit,
  '/api/v1/users/%ZZ/wallet/deposit',
  `/api/v1/users/${'x'.repeat(9000)}/wallet/deposit`,
  `${deposit}?x`,
]

t.test('404 before 405 before 413 before 415 before 400, whatever else is wrong', async (t) => {
  const { send } = await setUp(t)
  for (const path of ['/nothing', '/nothing/%ZZ', '/api/v1/users/%ff/nothing', `/api/v1/users/${'x'.repeat(9000)}/y`])
    for (const method of ['DELETE', 'PUT', 'POST', 'GET', 'OPTIONS', 'TRACE', 'PROPFIND'])
      for (const wrong of WRONG)
        isProblem(
          t,
          await send({ method, path, ...wrong }),
          'ROUTE_NOT_FOUND',
          undefined,
          `${method} ${path.slice(0, 30)}`,
        )
})

t.test('405 before 413 before 415 before 400, whatever else is wrong', async (t) => {
  const { send } = await setUp(t)
  for (const path of PATHS) {
    for (const wrong of WRONG) isProblem(t, await send({ method: 'POST', path, ...wrong }), 'METHOD_NOT_ALLOWED')
    for (const wrong of WRONG.filter(({ body }) => body === TOO_LARGE))
      isProblem(t, await send({ method: 'PUT', path, ...wrong }), 'BODY_TOO_LARGE')
    isProblem(t, await send({ method: 'PUT', path, body: '{', headers: text }), 'UNSUPPORTED_MEDIA_TYPE')
    isProblem(t, await send({ method: 'PUT', path, body: '{' }), 'INVALID_REQUEST')
  }
})

t.test(
  'INVALID_REQUEST before OVERLOADED before SELF_TRANSFER, TRANSACTION_ID_UNKNOWN and stored outcomes',
  async (t) => {
    const clock = settableClock()
    const held = createHeldStore(clock)
    const bounds = uniformBounds({ concurrency: 1, maxBatch: 1, maxQueued: 1 })
    const { send } = await startHTTP(t, { clock, store: held.store, bounds })
    const client = createWalletClient(send)
    await openWith(client, 'ann', 10)
    const unknown = '00000000-0000-8000-8000-000000000000'
    const used = await client.newID('ann')
    await client.deposit('ann', 1, used)
    const ids = await Promise.all(Array.from({ length: 4 }, () => client.newID('ann')))
    const waiting: Promise<Answer>[] = []
    /** One in flight, one in the queue, and the others told so. */
    async function fill(call: (id: string) => Promise<Answer>): Promise<void> {
      const inFlight = held.hold()
      waiting.push(call(ids[0] ?? ''))
      await inFlight
      const others = ids.slice(1).map(call)
      waiting.push(...others)
      isProblem(t, await Promise.race(others), 'OVERLOADED')
    }
    await fill((id) => client.status('ann', id))
    await fill((id) => client.deposit('ann', 1, id))
    isProblem(t, await client.put('ann', 'deposit', { amount: 1 }), 'INVALID_REQUEST', ['/transactionID'])
    isProblem(t, await client.put('ann', 'deposit', '{'), 'INVALID_REQUEST')
    isProblem(t, await client.status('ann', 'x'), 'INVALID_REQUEST', ['/transactionID'])
    isProblem(t, await client.transfer('ann', 'ann', 1), 'OVERLOADED')
    isProblem(t, await client.transfer('ann', 'ann', 1, unknown), 'OVERLOADED')
    isProblem(t, await client.deposit('ann', 1, unknown), 'OVERLOADED')
    isProblem(t, await client.deposit('ann', 2, used), 'OVERLOADED')
    isProblem(t, await client.deposit('ann', 1, used), 'OVERLOADED')
    isProblem(t, await client.status('ann', unknown), 'OVERLOADED')
    held.release()
    await Promise.all(waiting)
    isProblem(t, await client.transfer('ann', 'ann', 1, unknown), 'SELF_TRANSFER')
  },
)

t.test('SELF_TRANSFER before TRANSACTION_ID_UNKNOWN, TRANSACTION_ID_REUSED, expiry and WALLET_NOT_FOUND', async (t) => {
  const { client, clock } = await setUp(t)
  isProblem(t, await client.transfer('ann', 'ann', 1, '00000000-0000-8000-8000-000000000000'), 'SELF_TRANSFER')
  isProblem(t, await client.transfer('ann', 'ann', 1, await client.newID('bob')), 'SELF_TRANSFER')
  const used = await client.newID('ann')
  await client.deposit('ann', 1, used)
  isProblem(t, await client.transfer('ann', 'ann', 1, used), 'SELF_TRANSFER')
  isProblem(t, await client.transfer('nobody', 'nobody', 1), 'SELF_TRANSFER')
  const old = await client.newID('ann')
  clock.move(TTL)
  isProblem(t, await client.transfer('ann', 'ann', 1, old), 'SELF_TRANSFER')
  t.match(await client.status('ann', old), { body: { status: 'expired' } })
})

t.test('TRANSACTION_ID_UNKNOWN before TRANSACTION_ID_REUSED, expiry and WALLET_NOT_FOUND', async (t) => {
  const { client, clock } = await setUp(t)
  const used = await client.newID('ann')
  await client.deposit('ann', 1, used)
  isProblem(t, await client.deposit('bob', 2, used), 'TRANSACTION_ID_UNKNOWN')
  isProblem(t, await client.deposit('bob', 1, used), 'TRANSACTION_ID_UNKNOWN')
  isProblem(t, await client.deposit('nobody', 1, used), 'TRANSACTION_ID_UNKNOWN')
  isProblem(t, await client.status('nobody', used), 'TRANSACTION_ID_UNKNOWN')
  clock.move(TTL)
  isProblem(t, await client.deposit('bob', 1, used), 'TRANSACTION_ID_UNKNOWN')
})

t.test('TRANSACTION_ID_REUSED before the stored outcome, and the stored outcome before expiry', async (t) => {
  const { client, clock } = await setUp(t)
  const executed = await client.newID('ann')
  const first = await client.deposit('ann', 1, executed)
  const refused = await client.newID('ann')
  const refusal = await client.withdraw('ann', 1000, refused)
  isProblem(t, refusal, 'INSUFFICIENT_BALANCE')
  isProblem(t, await client.withdraw('ann', 1001, refused), 'TRANSACTION_ID_REUSED')
  isProblem(t, await client.deposit('ann', 2, executed), 'TRANSACTION_ID_REUSED')
  clock.move(2n * TTL)
  isProblem(t, await client.withdraw('ann', 1001, refused), 'TRANSACTION_ID_REUSED')
  t.same((await client.deposit('ann', 1, executed)).raw, first.raw)
  t.same((await client.withdraw('ann', 1000, refused)).raw, refusal.raw)
})

t.test('retirement before expiry before WALLET_NOT_FOUND before PASSIVE_WALLET_NOT_FOUND', async (t) => {
  const { client, clock, beginEpoch } = await setUp(t)
  const old = await client.newID('nobody')
  const retired = await client.newID('nobody')
  clock.move(TTL)
  isProblem(t, await client.deposit('nobody', 1, old), 'TRANSACTION_ID_EXPIRED')
  isProblem(t, await client.transfer('nobody', 'no one else', 1), 'WALLET_NOT_FOUND')
  await beginEpoch()
  isProblem(t, await client.deposit('nobody', 1, retired), 'TRANSACTION_ID_RETIRED')
})

t.test('PASSIVE_WALLET_NOT_FOUND before INSUFFICIENT_BALANCE before BALANCE_LIMIT_EXCEEDED', async (t) => {
  const { client } = await setUp(t)
  await openWith(client, 'rich', MAX)
  isProblem(t, await client.transfer('ann', 'nobody', 11), 'PASSIVE_WALLET_NOT_FOUND')
  isProblem(t, await client.transfer('ann', 'rich', 11), 'INSUFFICIENT_BALANCE')
  isProblem(t, await client.transfer('ann', 'rich', 10), 'BALANCE_LIMIT_EXCEEDED')
})
