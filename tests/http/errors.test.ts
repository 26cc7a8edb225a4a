import t from 'tap'
import type { WalletService } from '../../src/ports/wallet-service.ts'
import { createHeldStore, MAYBE_WRITTEN, NOT_WRITTEN, uniformBounds } from '../support/http/held-store.ts'
import { type Call, settableClock, startHTTP, TTL } from '../support/http/http.ts'
import { CONTRACT_ERRORS, type ContractCode, isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith, textOf, walletPath } from '../support/http/wallet-client.ts'

const MAX = Number.MAX_SAFE_INTEGER
const SHORT_MS = 2000

/** Every route of the API, as a valid call. */
function everyCall(transactionID: string): Call[] {
  const path = walletPath('ann')
  return [
    { method: 'PUT', path },
    { method: 'GET', path },
    { method: 'GET', path: `${path}/transactionID/${transactionID}` },
    { method: 'GET', path: `${path}/transactions` },
    { method: 'PUT', path: `${path}/deposit`, body: { amount: 1, transactionID } },
    { method: 'PUT', path: `${path}/withdraw`, body: { amount: 1, transactionID } },
    { method: 'PUT', path: `${path}/transfer`, body: { amount: 1, transactionID, passiveUserID: 'bob' } },
  ]
}

t.test('every refusal has its code, status, title and type', async (t) => {
  const { send, clock, beginEpoch } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 10)
  await openWith(client, 'rich', MAX)
  const seen = new Set<ContractCode>()
  async function expect(code: ContractCode, answer: Parameters<typeof isProblem>[1], paths?: string[]) {
    isProblem(t, answer, code, paths)
    seen.add(code)
  }

  await expect('ROUTE_NOT_FOUND', await send({ method: 'GET', path: '/api/v1/nothing' }))
  await expect('METHOD_NOT_ALLOWED', await send({ method: 'DELETE', path: walletPath('ann') }))
  await expect('BODY_TOO_LARGE', await client.put('ann', 'deposit', ' '.repeat(20_000)))
  const headers = { 'content-type': 'text/plain' }
  const text = { method: 'PUT', path: walletPath('ann'), body: '{}', headers }
  await expect('UNSUPPORTED_MEDIA_TYPE', await send(text))
  await expect('INVALID_REQUEST', await client.put('ann', 'deposit', { amount: 0 }), ['/amount', '/transactionID'])
  await expect('SELF_TRANSFER', await client.transfer('ann', 'ann', 1))
  await expect('TRANSACTION_ID_UNKNOWN', await client.deposit('ann', 1, '00000000-0000-8000-8000-000000000000'))
  const used = await client.newID('ann')
  await client.deposit('ann', 1, used)
  await expect('TRANSACTION_ID_REUSED', await client.deposit('ann', 2, used))
  await expect('WALLET_NOT_FOUND', await client.wallet('nobody'))
  await expect('WALLET_NOT_FOUND', await client.history('nobody'))
  await expect('WALLET_NOT_FOUND', await client.deposit('nobody', 1))
  await expect('PASSIVE_WALLET_NOT_FOUND', await client.transfer('ann', 'nobody', 1))
  await expect('INSUFFICIENT_BALANCE', await client.withdraw('ann', 12))
  await expect('BALANCE_LIMIT_EXCEEDED', await client.deposit('rich', 1))
  await expect('BALANCE_LIMIT_EXCEEDED', await client.transfer('ann', 'rich', 1))
  const state = (user: string, to: string) =>
    send({ method: 'PUT', path: `${walletPath(user)}/state`, body: { state: to, reason: 'a reason' } })
  await expect('WALLET_NOT_EMPTY', await state('ann', 'closed'))
  await state('ann', 'frozen')
  await expect('WALLET_FROZEN', await client.withdraw('ann', 1))
  await state('ann', 'open')
  await openWith(client, 'shut')
  await state('shut', 'closed')
  await expect('WALLET_CLOSED', await client.deposit('shut', 1))
  await expect('PASSIVE_WALLET_CLOSED', await client.transfer('ann', 'shut', 1))
  const body = { amount: 1, transactionID: await client.newID('ann') }
  const ifMatch = { method: 'PUT', path: `${walletPath('ann')}/deposit`, body, headers: { 'if-match': '"41"' } }
  await expect('VERSION_MISMATCH', await send(ifMatch))
  const events = { method: 'GET', path: `${walletPath('ann')}/events`, headers: { 'last-event-id': '41' } }
  await expect('CURSOR_GONE', await send(events))
  const old = await client.newID('ann')
  const retired = await client.newID('ann')
  clock.move(TTL)
  await expect('TRANSACTION_ID_EXPIRED', await client.deposit('ann', 1, old))
  await beginEpoch()
  await expect('TRANSACTION_ID_RETIRED', await client.deposit('ann', 1, retired))
  t.match(await client.wallet('ann'), { body: { balance: 11, version: 2 } }, 'only what was executed is there')

  const elsewhere = [
    'NOT_EXECUTED',
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'TOO_MANY_REQUESTS',
    'AUTHENTICATION_UNAVAILABLE',
    'OVERLOADED',
    'DATABASE_UNAVAILABLE',
    'OUTCOME_UNKNOWN',
    'INTERNAL',
    'FEED_UNAVAILABLE',
  ]
  t.same([...seen, ...elsewhere].sort(), Object.keys(CONTRACT_ERRORS).sort(), 'no code was left out')
})

t.test('a full queue answers OVERLOADED at once on every route, and the ID stays unused', async (t) => {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const bounds = uniformBounds({ concurrency: 1, maxBatch: 1, maxQueued: 1 })
  const { send } = await startHTTP(t, { clock, store: held.store, bounds })
  const client = createWalletClient(send)
  await openWith(client, 'ann', 100)
  await client.open('bob')

  for (const { path, method } of everyCall('')) {
    const call = async () => {
      const id = await client.newID('ann')
      const fresh = everyCall(id).find((one) => one.path.replace(id, '') === path && one.method === method)
      if (fresh === undefined) throw new Error(`no call for ${path}`)
      return { id, call: fresh }
    }
    const calls = await Promise.all(Array.from({ length: 5 }, call))
    void held.hold()
    const answering = calls.map(async ({ id, call }) => ({ id, answer: await send(call) }))
    isProblem(t, (await Promise.race(answering)).answer, 'OVERLOADED', undefined, `${method} ${path}`)
    held.release()
    const answers = await Promise.all(answering)
    const refused = answers.filter(({ answer }) => answer.status !== 200)
    t.ok(refused.length > 0 && refused.length < answers.length, `${method} ${path}: not all were too many`)
    for (const { id, answer } of refused) {
      isProblem(t, answer, 'OVERLOADED', undefined, `${method} ${path}`)
      t.equal((await client.status('ann', id)).body.status, 'unused')
    }
  }
})

t.test('a store that surely wrote nothing is DATABASE_UNAVAILABLE on every route that needs it', async (t) => {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const bounds = uniformBounds({ deadlineMs: SHORT_MS })
  const { send } = await startHTTP(t, { clock, store: held.store, bounds })
  const id = await createWalletClient(send).newID('ann')
  held.fail(NOT_WRITTEN)
  const answers = await Promise.all(everyCall(id).map(async (call) => ({ call, answer: await send(call) })))
  for (const { call, answer } of answers)
    isProblem(t, answer, 'DATABASE_UNAVAILABLE', undefined, `${call.method} ${call.path}`)
})

t.test('a write that may have happened is OUTCOME_UNKNOWN, and the same ID finds out', async (t) => {
  for (const lose of ['the connection at commit', 'the answer'] as const) {
    const clock = settableClock()
    const held = createHeldStore(clock)
    const { send } = await startHTTP(t, { clock, store: held.store, bounds: uniformBounds({ deadlineMs: SHORT_MS }) })
    const client = createWalletClient(send)
    await client.open('ann')
    const id = await client.newID('ann')
    if (lose === 'the answer') void held.hold()
    else held.fail(MAYBE_WRITTEN)
    isProblem(t, await client.deposit('ann', 5, id), 'OUTCOME_UNKNOWN', undefined, lose)
    if (lose === 'the connection at commit') void held.hold()
    held.release()
    t.match(await client.deposit('ann', 5, id), { status: 200, body: { id: 1, amount: 5, balance: 5 } })
    t.match(await client.wallet('ann'), { body: { balance: 5, version: 1 } }, 'it was executed once')
  }
})

t.test('before the database has ever answered every route says DATABASE_UNAVAILABLE', async (t) => {
  const { send } = await startHTTP(t, { serviceNow: () => undefined })
  const issue = { method: 'POST', path: `${walletPath('ann')}/transactionID` }
  for (const call of [issue, ...everyCall('00000000-0000-8000-8000-000000000000')])
    isProblem(t, await send(call), 'DATABASE_UNAVAILABLE', undefined, `${call.method} ${call.path}`)
})

t.test('a bug is INTERNAL: logged with the request ID, and nothing of it is in the answer', async (t) => {
  const bug = async () => {
    throw new Error('secret: the balance of ann is 12345')
  }
  const service: WalletService = {
    open: bug,
    wallet: bug,
    issue: () => {
      throw new TypeError('secret: no clock')
    },
    status: bug,
    issueMany: () => {
      throw new TypeError('secret: no clock')
    },
    feed: bug,
    endWaits: () => {},
    isOverloaded: () => false,
    submit: bug,
    submitList: bug,
    changeState: bug,
    history: bug,
    walletAt: bug,
    statement: bug,
  }
  const { send, log } = await startHTTP(t, { service, expectErrors: true })
  const issue = { method: 'POST', path: `${walletPath('ann')}/transactionID` }
  for (const call of [issue, ...everyCall('00000000-0000-8000-8000-000000000000')]) {
    const answer = await send(call)
    isProblem(t, answer, 'INTERNAL', undefined, `${call.method} ${call.path}`)
    t.notMatch(answer.text + JSON.stringify(answer.headers), /secret|ann|at .*\.[jt]s/)
    const requestID = textOf(answer.body, 'instance')
    const errors = log.filter((line) => line.requestID === requestID && line.level === 50)
    t.match(errors, [{ err: { message: /^secret/, stack: /\.[jt]s/ } }], 'logged once, with its stack')
  }
})
