import t, { type Test } from 'tap'
import { createWalletClient, type FeedPage, WalletProblem, WalletUnsettled } from '../../client/client.ts'
import { listen, startHTTP } from '../support/http/http.ts'

async function setUp(t: Test) {
  const { port } = await listen(t, await startHTTP(t))
  const paths: string[] = []
  const noting: typeof fetch = (input, init) => {
    paths.push(String(input))
    return fetch(input, init)
  }
  const client = createWalletClient({ url: `http://127.0.0.1:${port}`, fetch: noting })
  for (const user of ['ann', 'bob']) await client.open(user)
  for (const amount of [1, 2, 3]) await client.deposit({ to: 'ann', amount, reference: `number ${amount}` })
  return { client, paths }
}

const amounts = ({ transactions }: FeedPage) => transactions.map(({ amount }) => amount)

t.test('the feed goes from page to page, waits for what is not there yet, and goes on where it was', async (t) => {
  const { client } = await setUp(t)
  const feed = client.feed({ limit: 2 })
  const first = (await feed.next()).value
  t.strictSame(amounts(first), [1n, 2n])
  t.strictSame(amounts((await feed.next()).value), [3n])
  const waiting = feed.next()
  await client.deposit({ to: 'bob', amount: 4 })
  t.strictSame(amounts((await waiting).value), [4n])
  t.strictSame(amounts((await client.feed({ after: first.next }).next()).value), [3n, 4n])
  t.strictSame(amounts((await client.feed({ userID: 'bob' }).next()).value), [4n])
  t.strictSame(amounts((await client.feed({ reference: 'number 2' }).next()).value), [2n])
})

t.test('it waits for less than an attempt may take', async (t) => {
  const { client, paths } = await setUp(t)
  await client.feed().next()
  t.match(paths.at(-1), /wait=4$/)
})

t.test('the signal ends it, and a cursor that is none is a problem', async (t) => {
  const { client } = await setUp(t)
  const ending = new AbortController()
  const feed = client.feed({}, { signal: ending.signal })
  await feed.next()
  const waiting = feed.next()
  ending.abort()
  await t.rejects(waiting, WalletUnsettled)
  const wrong = client.feed({ after: 'none' }).next()
  t.equal(await wrong.catch((error: unknown) => error instanceof WalletProblem && error.code), 'INVALID_REQUEST')
})
