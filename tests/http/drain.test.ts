import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createHeldStore } from '../support/http/held-store.ts'
import { listen, settableClock, startHTTP } from '../support/http/http.ts'
import { connectRaw, rawRequest } from '../support/http/raw-client.ts'
import { createWalletClient, walletPath } from '../support/http/wallet-client.ts'

const LIMIT_MS = 60_000
/** What waits for this is found out by the limit of the whole file. */
const LONGER_THAN_THE_TEST_MS = 3_600_000
const IDLE_MS = 500

async function setUp(t: Test) {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const http = await startHTTP(t, { clock, store: held.store })
  const listening = await listen(t, http)
  const client = createWalletClient(http.send)
  await client.open('ann')
  return { ...listening, client, held, raw: () => connectRaw(t, listening.port) }
}

t.test('requests in flight are answered with Connection: close, pipelined ones too', async (t) => {
  const { raw, client, held, drain } = await setUp(t)
  const ids = await Promise.all(Array.from({ length: 3 }, () => client.newID('ann')))
  const deposit = (transactionID: string | undefined) =>
    rawRequest('PUT', `${walletPath('ann')}/deposit`, { amount: 1, transactionID })
  const [one, two] = [await raw(), await raw()]
  const reached = held.hold()
  one.write(deposit(ids[0]))
  two.write(deposit(ids[1]) + deposit(ids[2]))
  await reached
  const drained = drain(LIMIT_MS)
  held.release()
  const answer = await one.answer()
  t.match(answer, { status: 200, headers: { connection: 'close' } })
  t.equal(await one.closed(), '')
  t.equal((await two.answer()).status, 200)
  await two.closed()
  await drained
  t.equal((await client.wallet('ann')).body.version !== 0, true)
})

t.test('idle keep-alive clients do not hold it up', async (t) => {
  const { raw, drain } = await setUp(t)
  const [used, silent] = [await raw(), await raw()]
  used.write(rawRequest('GET', '/livez'))
  t.not((await used.answer()).headers.connection, 'close')
  await drain(LONGER_THAN_THE_TEST_MS)
  await Promise.all([used.closed(), silent.closed()])
})

t.test('what comes on an idle connection just after the stop is answered, and is the last', async (t) => {
  const { raw, drain } = await setUp(t)
  const [busy, silent] = [await raw(), await raw()]
  busy.write(rawRequest('GET', '/livez'))
  t.not((await busy.answer()).headers.connection, 'close')
  const drained = drain(LIMIT_MS, IDLE_MS)
  busy.write(rawRequest('GET', '/livez'))
  t.match(await busy.answer(), { status: 200, headers: { connection: 'close' } })
  await busy.closed()
  await silent.closed()
  await drained
})

t.test('new connections are refused while it drains', async (t) => {
  const { raw, client, held, drain, port } = await setUp(t)
  const one = await raw()
  const transactionID = await client.newID('ann')
  const reached = held.hold()
  one.write(rawRequest('PUT', `${walletPath('ann')}/deposit`, { amount: 1, transactionID }))
  await reached
  const drained = drain(LIMIT_MS)
  const [error] = await once(connect(port, '127.0.0.1'), 'error')
  t.equal(error.code, 'ECONNREFUSED')
  held.release()
  t.equal((await one.answer()).status, 200, 'and the request in flight is still answered')
  await drained
})

t.test('what is still unanswered at the limit is cut', async (t) => {
  const { raw, client, held, drain } = await setUp(t)
  const one = await raw()
  const transactionID = await client.newID('ann')
  const reached = held.hold()
  one.write(rawRequest('PUT', `${walletPath('ann')}/deposit`, { amount: 1, transactionID }))
  await reached
  await drain(50)
  t.equal(await one.closed(), '')
  held.release()
})
