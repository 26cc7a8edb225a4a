import t from 'tap'
import { SECOND, startHTTP } from '../support/http/http.ts'
import { HTTP_STORES } from '../support/http/http-stores.ts'
import { isProblem } from '../support/http/problem.ts'
import {
  createWalletClient,
  idsOf,
  openWith,
  textOf,
  transactionsOf,
  walletPath,
} from '../support/http/wallet-client.ts'

const MAX = Number.MAX_SAFE_INTEGER

/** Ann's wallet is opened at 3:59:02.608558, gets 5 a second later, and loses 2 to Bob another second later. */
async function setUp(t: Parameters<typeof startHTTP>[0]) {
  const http = await startHTTP(t)
  const { send, clock } = http
  const client = createWalletClient(send)
  await client.open('ann')
  await client.open('bob')
  clock.move(SECOND)
  await client.deposit('ann', 5)
  clock.move(SECOND)
  await client.transfer('ann', 'bob', 2)
  clock.move(SECOND)
  const at = (time: string, headers = {}) =>
    send({ method: 'GET', path: `${walletPath('ann')}?at=${encodeURIComponent(time)}`, headers })
  return { ...http, client, at }
}

t.test('a wallet is shown as it was at a moment, which is said in the form of all times', async (t) => {
  const { at, client } = await setUp(t)
  const opened = '2024-12-16T03:59:02.608558Z'
  const deposited = '2024-12-16T03:59:03.608558Z'
  const wallet = (balance: number, version: number, updatedAt: string, at: string) =>
    `{"userID":"ann","balance":${balance},"version":${version},"createdAt":"${opened}","updatedAt":"${updatedAt}","at":"${at}"}`
  t.match(await at(opened), { status: 200, text: wallet(0, 0, opened, opened) })
  t.match(await at('2024-12-16T03:59:03.6085579Z'), { text: wallet(0, 0, opened, '2024-12-16T03:59:03.608557Z') })
  t.match(await at('2024-12-16T04:59:03.608558+01:00'), { text: wallet(5, 1, deposited, deposited) })
  t.match(await at('2024-12-16T03:59:05Z'), { body: { balance: 3, version: 2, at: '2024-12-16T03:59:05.000000Z' } })
  t.notOk('at' in (await client.wallet('ann')).body, 'there is none where none was asked for')
})

t.test('before it was opened there is no wallet, and what is not over is not known', async (t) => {
  const { at, send, clock } = await setUp(t)
  isProblem(t, await at('2024-12-16T03:59:02.608557Z'), 'WALLET_NOT_FOUND')
  isProblem(t, await at('0000-01-01T00:00:00+23:59'), 'WALLET_NOT_FOUND')
  isProblem(t, await send({ method: 'GET', path: `${walletPath('eve')}?at=2024-12-16T03:59:05Z` }), 'WALLET_NOT_FOUND')
  const now = '2024-12-16T03:59:05.608558Z'
  for (const time of [now, '2024-12-16T03:59:06Z', '9999-12-31T23:59:60-23:59']) {
    const answer = await at(time)
    isProblem(t, answer, 'INVALID_REQUEST', ['/at'], time)
    const message = `must be in the past: by the clock of the database it is ${now}`
    t.match(answer.body, { errors: [{ message }] })
  }
  isProblem(t, await send({ method: 'GET', path: `${walletPath('eve')}?at=${now}` }), 'INVALID_REQUEST', ['/at'])
  clock.move(1n)
  t.match(await at(now), { status: 200, body: { balance: 3 } })
})

t.test('a wallet of the past has no ETag, and is sent whatever is known of it', async (t) => {
  const { at } = await setUp(t)
  for (const tag of ['"2"', '*']) {
    const answer = await at('2024-12-16T03:59:05Z', { 'if-none-match': tag })
    t.equal(answer.status, 200)
    t.notOk('etag' in answer.headers)
  }
})

t.test('a wallet of the past has the state that it had', async (t) => {
  const { at, client, clock } = await setUp(t)
  await client.setState('ann', 'frozen')
  clock.move(SECOND)
  await client.setState('ann', 'open')
  clock.move(SECOND)
  t.notOk('state' in (await at('2024-12-16T03:59:05Z')).body)
  const answer = await at('2024-12-16T03:59:06Z')
  t.match(answer.body, { state: 'frozen', at: '2024-12-16T03:59:06.000000Z' })
  t.notOk('state' in (await at('2024-12-16T03:59:07Z')).body)
})

t.test('a statement says what there was before, after and in between', async (t) => {
  const { client } = await setUp(t)
  const statement = await client.statement('ann', '2024-12-16T03:59:03.608558Z', '2024-12-16T03:59:04.608558Z')
  t.equal(statement.status, 200)
  const nothing = '{"count":0,"amount":"0"}'
  const text = (rest: string, totals: string) => `{"userID":"ann",${rest},"totals":{${totals}}}`
  t.equal(
    statement.text,
    text(
      '"from":"2024-12-16T03:59:03.608558Z","to":"2024-12-16T03:59:04.608558Z","opening":0,"closing":5,"count":1,"firstID":1,"lastID":1',
      `"1":{"count":1,"amount":"5"},"2":${nothing},"3":${nothing},"4":${nothing}`,
    ),
  )
  const later = await client.statement('ann', '2024-12-16T04:59:04.608558+01:00', '2025-01-01T00:00:00Z')
  t.match(later.body, { opening: 5, closing: 3, count: 1, totals: { 4: { count: 1, amount: '2' } } }, 'so far')
  const before = await client.statement('ann', '0000-01-01T00:00:00Z', '2024-12-16T03:59:03.608558Z')
  t.match(before.body, { from: '0000-01-01T00:00:00.000000Z', opening: 0, closing: 0, count: 0 })
  t.strictSame([before.body.firstID, before.body.lastID], [null, null])
  isProblem(t, await client.statement('eve', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'), 'WALLET_NOT_FOUND')
})

t.test('a sum that no JSON number holds exactly is exact', async (t) => {
  const { client } = await setUp(t)
  for (let n = 0; n < 3; n += 1) {
    await client.deposit('bob', MAX - 2)
    await client.withdraw('bob', MAX - 2)
  }
  const { body } = await client.statement('bob', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z')
  const amount = String(3n * (BigInt(MAX) - 2n))
  t.match(body, { count: 7, closing: 2, totals: { 1: { count: 3, amount }, 2: { amount }, 3: { amount: '2' } } })
})

t.test('a period is one: both ends are there, in their order, and in years that can be written', async (t) => {
  const { client, send } = await setUp(t)
  const get = (query: string) => send({ method: 'GET', path: `${walletPath('ann')}/statement${query}` })
  isProblem(t, await get(''), 'INVALID_REQUEST', ['/from', '/to'])
  isProblem(t, await get('?from=2024-01-01T00:00:00Z'), 'INVALID_REQUEST', ['/to'])
  isProblem(t, await get('?from=2024-01-01&to=2024-02-01T00:00:00Z'), 'INVALID_REQUEST', ['/from'])
  for (const [from, to, path] of [
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z', '/from'],
    ['2024-01-01T00:00:00Z', '2024-01-01T00:30:00+01:00', '/from'],
    ['2024-01-01T00:00:00.0000001Z', '2024-01-01T00:00:00.0000009Z', '/from'],
    ['0000-01-01T00:00:00+23:59', '2024-01-01T00:00:00Z', '/from'],
    ['2024-01-01T00:00:00Z', '9999-12-31T23:59:60-23:59', '/to'],
  ] as const)
    isProblem(t, await client.statement('ann', from, to), 'INVALID_REQUEST', [path], `${from} ${to}`)
  t.equal((await client.statement('ann', '2024-01-01T00:00:00.0000009Z', '2024-01-01T00:00:00.0000011Z')).status, 200)
  t.equal((await client.statement('ann', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z')).status, 200)
})

for (const [where, start] of HTTP_STORES) {
  t.test(`statements follow each other, and their transactions are those of the history, ${where}`, async (t) => {
    const client = createWalletClient((await start(t)).send)
    await openWith(client, 'ann', 100)
    await client.open('bob')
    for (let n = 1; n <= 6; n += 1) await client.transfer('ann', 'bob', n)
    const all = transactionsOf(await client.history('ann')).toReversed()
    const ends = ['2000-01-01T00:00:00Z', ...all.map((each) => textOf(each, 'createdAt')), '2999-01-01T00:00:00Z']
    let closing: unknown = 0
    for (const [index, from] of ends.slice(0, -1).entries()) {
      const to = ends[index + 1] ?? ''
      const { body } = await client.statement('ann', from, to)
      t.equal(body.opening, closing)
      const entries = await client.history('ann', `?createdFrom=${from}&createdBefore=${to}`)
      t.same([body.lastID ?? [], body.firstID ?? []].flat(), index === 0 ? [] : [index, index])
      t.same(idsOf(entries), index === 0 ? [] : [index])
      closing = body.closing
    }
    t.equal(closing, 79)
  })
}
