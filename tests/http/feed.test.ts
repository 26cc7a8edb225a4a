import { hash } from 'node:crypto'
import t, { type Test } from 'tap'
import { createPrometheus } from '../../src/adapters/prometheus/metrics.ts'
import { eventually } from '../support/eventually.ts'
import { parseFigures } from '../support/http/figures.ts'
import { createHeldStore, NOT_WRITTEN, uniformBounds } from '../support/http/held-store.ts'
import { type Answer, listen, settableClock, startHTTP } from '../support/http/http.ts'
import { HTTP_STORES } from '../support/http/http-stores.ts'
import { isProblem } from '../support/http/problem.ts'
import { connectRaw, rawRequest } from '../support/http/raw-client.ts'
import { createWalletClient, openWith, textOf, transactionsOf } from '../support/http/wallet-client.ts'

const PATH = '/api/v1/transactions'
const WAIT_LIMIT_MS = 10_000
const LONG_MS = 3_600_000

const inShort = (answer: Answer) => transactionsOf(answer).map(({ userID, id }) => `${userID} ${id}`)

for (const [where, start] of HTTP_STORES) {
  t.test(`the feed ${where}`, async (t) => {
    const { send } = await start(t)
    const client = createWalletClient(send)
    const feed = (query = '') => send({ method: 'GET', path: `${PATH}${query}` })

    /** Until so many have come: what others do at the server may hold the last ones back. */
    async function follow(count: number, query = '', from = ''): Promise<{ read: string[]; next: string }> {
      let next = from
      const read: string[] = []
      await eventually(`${count} transactions`, WAIT_LIMIT_MS, async () => {
        const answer = await feed(`?${new URLSearchParams({ ...(next !== '' && { after: next }) })}&${query}`)
        read.push(...inShort(answer))
        next = textOf(answer.body, 'next')
        return read.length >= count ? true : undefined
      })
      return { read, next }
    }

    await openWith(client, 'ann', 10)
    await openWith(client, '42')
    await client.transfer('ann', '42', 1)
    await client.deposit('42', 1)

    t.test('it has every transaction once, with every field, whatever the pages', async (t) => {
      const { read } = await follow(4)
      t.strictSame(read.toSorted(), ['42 1', '42 2', 'ann 1', 'ann 2'])
      for (const limit of [1, 3]) t.strictSame((await follow(4, `limit=${limit}`)).read, read)
      const [first] = transactionsOf(await feed('?limit=1'))
      t.strictSame(first, transactionsOf(await client.history('ann')).at(-1))
    })

    t.test('a user narrows it, also one whose ID looks like a number, and so does a reference', async (t) => {
      t.strictSame((await follow(2, 'userID=42')).read, ['42 1', '42 2'])
      const deposit = { amount: 1, transactionID: await client.newID('ann'), reference: '7' }
      await client.put('ann', 'deposit', deposit)
      t.strictSame((await follow(1, 'reference=7')).read, ['ann 3'])
    })

    t.test('a page that waits comes when something is written, and is empty when the time is over', async (t) => {
      const { next } = await follow(5)
      const waiting = feed(`?after=${next}&wait=30`)
      await client.deposit('ann', 1)
      t.strictSame(inShort(await waiting), ['ann 4'])
      const end = (await follow(1, '', next)).next
      t.strictSame((await feed(`?after=${end}&wait=1`)).body, { transactions: [], next: end })
    })
  })
}

/** A cursor whose checksum is right, with this behind all that a cursor of the first epoch has. */
function withEpoch(more: string): string {
  const place = `[1,"1","ann","1","0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d",${more}]`
  return Buffer.from(hash('sha256', place, 'hex').slice(0, 12) + place).toString('base64url')
}

t.test('what is no cursor is turned down, and one that is cut off or changed is none', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 1)
  const cursor = textOf((await send({ method: 'GET', path: PATH })).body, 'next')
  const changed = `${cursor.slice(0, 40)}${cursor[40] === 'A' ? 'B' : 'A'}${cursor.slice(41)}`
  const forged = Buffer.from('000000000000[1,"1","ann","1","x"]').toString('base64url')
  const wrongEpochs = ['"x"', '"5d0b1e0c-3c1b-4f55-9d7a-6a3c1f2b8e90","x"', '1', 'null'].map(withEpoch)
  for (const after of [
    '',
    '0',
    '1',
    'null',
    cursor.slice(0, -1),
    cursor.slice(4),
    `${cursor}=`,
    `${cursor}A`,
    changed,
    forged,
    ...wrongEpochs,
    'A'.repeat(5000),
  ])
    isProblem(t, await send({ method: 'GET', path: `${PATH}?after=${after}` }), 'INVALID_REQUEST', ['/after'], after)
  for (const [name, values] of [
    ['wait', ['31', '-1', '1.5', '', 'x']],
    ['limit', ['0', '1001', '']],
    ['userID', ['', '%20', '.']],
    ['reference', ['', '%00']],
    ['IDBefore', ['1']],
  ] as const)
    for (const value of values)
      isProblem(
        t,
        await send({ method: 'GET', path: `${PATH}?${name}=${value}` }),
        'INVALID_REQUEST',
        [`/${name}`],
        value,
      )
})

t.test('a cursor of another ledger is gone', async (t) => {
  const cursors: string[] = []
  for (const _ of [1, 2]) {
    const { send } = await startHTTP(t)
    await openWith(createWalletClient(send), 'ann', 1)
    for (const cursor of cursors)
      isProblem(t, await send({ method: 'GET', path: `${PATH}?after=${cursor}` }), 'CURSOR_GONE')
    cursors.push(textOf((await send({ method: 'GET', path: PATH })).body, 'next'))
  }
})

t.test('a cursor of before a restoration is gone, and the one that is given after it is good', async (t) => {
  const { send, beginEpoch } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 1)
  const next = async (query = '') => textOf((await send({ method: 'GET', path: `${PATH}${query}` })).body, 'next')
  const before = await next()
  await beginEpoch()
  isProblem(t, await send({ method: 'GET', path: `${PATH}?after=${before}` }), 'CURSOR_GONE')
  const after = await next()
  t.not(after, before)
  t.equal(await next(`?after=${after}`), after)
  await beginEpoch()
  isProblem(t, await send({ method: 'GET', path: `${PATH}?after=${after}` }), 'CURSOR_GONE')
})

/** Nothing wakes those who wait but what this service writes itself. */
async function setUp(t: Test, maxWaiting = 2) {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const prometheus = createPrometheus('1.2.3')
  const bounds = uniformBounds({ deadlineMs: 500 })
  const feed = { ...bounds.feed, maxWaiting, pollMs: LONG_MS }
  const http = await startHTTP(t, { clock, store: held.store, prometheus, bounds: { ...bounds, feed } })
  const { port } = await listen(t, http)
  const { send, service } = http
  const client = createWalletClient(send)
  await openWith(client, 'ann', 1)
  const cursor = textOf((await send({ method: 'GET', path: PATH })).body, 'next')
  return {
    ...{ send, service, port, client, held, cursor },
    wait: (seconds = 30) => send({ method: 'GET', path: `${PATH}?after=${cursor}&wait=${seconds}` }),
    waiting: (count: number) =>
      eventually(`${count} wait`, WAIT_LIMIT_MS, async () => {
        const figures = parseFigures((await send({ method: 'GET', path: '/metrics' })).text)
        return figures.sum('wallet_feed_waiting') === count ? true : undefined
      }),
  }
}

t.test('more than may wait are told that it is overloaded, and others go on', async (t) => {
  const { wait, client, send, cursor, waiting } = await setUp(t, 1)
  const first = wait()
  await waiting(1)
  isProblem(t, await wait(), 'OVERLOADED')
  t.equal((await send({ method: 'GET', path: `${PATH}?after=${cursor}` })).status, 200, 'who does not wait')
  await client.deposit('ann', 1)
  t.strictSame(inShort(await first), ['ann 2'])
})

t.test('a stop answers those who wait at once, and no one waits after it', async (t) => {
  const { wait, service, cursor } = await setUp(t)
  const waiting = wait()
  service.endWaits()
  const empty = { status: 200, body: { transactions: [], next: cursor } }
  t.match(await waiting, empty)
  t.match(await wait(), empty)
})

t.test('who has gone away waits no more', async (t) => {
  const { port, cursor, waiting } = await setUp(t)
  const raw = await connectRaw(t, port)
  raw.write(rawRequest('GET', `${PATH}?after=${cursor}&wait=30`))
  await waiting(1)
  raw.reset()
  await waiting(0)
})

t.test('while the store fails, a page that waits comes to an end with what it fails with', async (t) => {
  const { wait, held } = await setUp(t)
  const waiting = wait(1)
  held.fail(NOT_WRITTEN)
  isProblem(t, await waiting, 'DATABASE_UNAVAILABLE')
})
