import t, { type Test } from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import type { LiveBounds } from '../../src/app/live.ts'
import { MAX_NEWS } from '../../src/domain/follow.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import type { Clock, WalletStore } from '../../src/ports/wallet-store.ts'
import { eventually } from '../support/eventually.ts'
import { type EventStream, followWallet } from '../support/http/event-stream.ts'
import { NOT_WRITTEN } from '../support/http/held-store.ts'
import { type HTTPOptions, listen, settableClock, startHTTP } from '../support/http/http.ts'
import { bearer } from '../support/http/issuer.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith, walletPath } from '../support/http/wallet-client.ts'

/** What waits for the end of a stream is found out by the limit of the whole file. */
const LONGER_THAN_THE_TEST_MS = 3_600_000
const SOON_MS = 5
const BOUNDS: LiveBounds = { followersOfAUser: 3, followers: 5, pollMs: LONGER_THAN_THE_TEST_MS, gatherMs: 0 }

async function setUp(t: Test, options: HTTPOptions = {}) {
  const http = await startHTTP(t, { liveBounds: BOUNDS, streamLifeMs: LONGER_THAN_THE_TEST_MS, ...options })
  const { port } = await listen(t, http)
  const client = createWalletClient(http.send)
  await openWith(client, 'ann', 100)
  await client.open('bob')
  const follow = (userID: string, lastID?: number) =>
    followWallet(t, port, userID, lastID === undefined ? {} : { lastID })
  return { ...http, client, follow, port }
}

/** The ids of the next events that have data. */
async function nextIDs(stream: EventStream, count: number): Promise<number[]> {
  const ids: number[] = []
  while (ids.length < count) {
    const { id, data } = await stream.next()
    if (data !== undefined) ids.push(Number(id))
  }
  return ids
}

t.test('each transaction of the wallet comes as history has it, in both halves of a transfer', async (t) => {
  const { client, follow } = await setUp(t)
  const [ann, bob] = [await follow('ann'), await follow('bob')]
  t.match(ann, { status: 200, headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } })
  t.strictSame(await ann.next(), { id: '1', data: undefined }, 'first the place where it begins')
  t.strictSame(await bob.next(), { id: '0', data: undefined })
  const out = await client.transfer('ann', 'bob', 40)
  t.strictSame(await ann.next(), { id: '2', data: out.body })
  t.match(await bob.next(), { id: '1', data: { type: 3, amount: 40, passiveUserID: 'ann', balance: 40 } })
  await client.deposit('bob', 1)
  await client.withdraw('ann', 2)
  t.match(await bob.next(), { id: '2', data: { type: 1 } })
  t.match(await ann.next(), { id: '3', data: { type: 2 } })
})

t.test('with the last id it begins right behind, however far back, and goes on live', async (t) => {
  const { client, follow } = await setUp(t)
  const ids = await client.newIDs('ann', 2 * MAX_NEWS + 7)
  await client.list(ids.map((transactionID) => ({ userID: 'ann', type: 1, amount: 1, transactionID })))
  const last = ids.length + 1
  for (const from of [0, 1, MAX_NEWS, last - 1]) {
    const stream = await follow('ann', from)
    const expected = Array.from({ length: last - from }, (_, index) => from + 1 + index)
    t.strictSame(await nextIDs(stream, expected.length), expected, `behind ${from}`)
    stream.close()
  }
  const stream = await follow('ann', last)
  await client.deposit('ann', 1)
  t.strictSame(await nextIDs(stream, 1), [last + 1])
})

t.test('what another instance has committed is seen at the next look', async (t) => {
  const clock = settableClock()
  const store = createMemoryWalletStore(clock)
  const here = await setUp(t, { clock, store, liveBounds: { ...BOUNDS, pollMs: SOON_MS } })
  const elsewhere = await startHTTP(t, { clock, store })
  const stream = await here.follow('ann', 1)
  for (let id = 2; id <= 9; id += 1) {
    await createWalletClient(elsewhere.send).deposit('ann', 1)
    t.strictSame(await nextIDs(stream, 1), [id])
  }
})

t.test('a store that fails for a while loses no event', async (t) => {
  const clock = settableClock()
  const { store, failures } = failing(clock)
  const { client, follow } = await setUp(t, { clock, store, liveBounds: { ...BOUNDS, pollMs: SOON_MS } })
  const stream = await follow('ann', 0)
  t.strictSame(await nextIDs(stream, 1), [1])
  failures.left = 3
  await client.deposit('ann', 1)
  t.strictSame(await nextIDs(stream, 1), [2])
  t.equal(failures.left, 0, 'it did fail')
})

function failing(clock: Clock): { store: WalletStore; failures: { left: number } } {
  const memory = createMemoryWalletStore(clock)
  const failures = { left: 0 }
  return {
    failures,
    store: {
      ...memory,
      async news(positions) {
        if (failures.left > 0) {
          failures.left -= 1
          throw NOT_WRITTEN
        }
        return memory.news(positions)
      },
    },
  }
}

t.test('a user may have so many streams, and all together so many; one that is closed makes room', async (t) => {
  const { follow, client } = await setUp(t)
  const ofAnn = [await follow('ann'), await follow('ann'), await follow('ann')]
  const one = await follow('ann')
  t.match(one, { status: 429, headers: { 'content-type': 'application/problem+json', 'retry-after': '1' } })
  await follow('bob')
  const ofBob = await follow('bob')
  t.equal(ofBob.status, 200)
  t.equal((await follow('bob')).status, 503)
  ofAnn[0]?.close()
  await eventually('there is room', 20_000, async () => ((await follow('ann')).status === 200 ? true : undefined))
  await client.deposit('ann', 1)
  t.strictSame(await nextIDs(ofAnn[2] as EventStream, 1), [2], 'the others go on')
})

t.test('one that does not read is told more when it reads again, without a gap', async (t) => {
  const { client, follow } = await setUp(t)
  const transactions = (ids: readonly string[]) =>
    ids.map((transactionID) => ({
      ...{ userID: 'ann', type: 1, amount: 1, transactionID, reference: 'r'.repeat(64) },
      metadata: { text: 'x'.repeat(400) },
    }))
  const stream = await follow('ann', 1)
  stream.stopReading()
  for (let round = 0; round < 8; round += 1) await client.list(transactions(await client.newIDs('ann', 500)))
  const expected = Array.from({ length: 4000 }, (_, index) => index + 2)
  t.strictSame(await nextIDs(stream, 4000), expected)
})

t.test('streams end when the service stops, and when they have lasted long enough', async (t) => {
  const { live, follow, client } = await setUp(t)
  const stream = await follow('ann', 0)
  t.strictSame(await nextIDs(stream, 1), [1])
  live.stop()
  t.strictSame(await stream.rest(), [])
  await client.deposit('ann', 1)

  const short = await setUp(t, { streamLifeMs: SOON_MS })
  await (await short.follow('ann')).rest()
  await short.client.deposit('ann', 1)
})

t.test('a stream lasts no longer than the token that opened it', async (t) => {
  const caller = { userID: 'ann' as UserID, admin: true, goodForMs: SOON_MS }
  const http = await startHTTP(t, {
    ...{ liveBounds: BOUNDS, streamLifeMs: LONGER_THAN_THE_TEST_MS },
    authenticate: async () => ({ kind: 'authenticated', caller }),
  })
  const { port } = await listen(t, http)
  const headers = bearer('any')
  await http.send({ method: 'PUT', path: walletPath('ann'), headers })
  const stream = await followWallet(t, port, 'ann', { headers })
  t.equal(stream.status, 200)
  await stream.rest()
})

t.test('a position that is none, or that the wallet has not reached, is turned down', async (t) => {
  const { client, send, follow } = await setUp(t)
  const path = '/api/v1/users/ann/wallet/events'
  for (const last of ['', '-1', '01', '1.0', '1e2', 'x', '99999999999999999'])
    isProblem(t, await send({ method: 'GET', path, headers: { 'last-event-id': last } }), 'INVALID_REQUEST')
  isProblem(t, await send({ method: 'GET', path, headers: { 'last-event-id': '2' } }), 'CURSOR_GONE')
  isProblem(t, await send({ method: 'GET', path: `${path}?x=1` }), 'INVALID_REQUEST')
  isProblem(t, await send({ method: 'GET', path: path.replace('ann', 'nobody') }), 'WALLET_NOT_FOUND')
  t.equal((await follow('nobody')).status, 404)
  const head = await send({ method: 'HEAD', path })
  t.match(head, { status: 200, headers: { 'content-type': 'text/event-stream' }, text: '' })
  t.equal((await client.wallet('ann')).status, 200)
})
