import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createWalletClient, WalletProblem, WalletUnsettled } from '../../client/client.ts'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { listen, settableClock, startHTTP } from '../support/http/http.ts'
import { bearer, createIssuer, trusting } from '../support/http/issuer.ts'
import { openWith, createWalletClient as rawClient } from '../support/http/wallet-client.ts'

const SOON_MS = 5

async function idsOf(watched: AsyncGenerator<{ id: number }>, count: number): Promise<number[]> {
  const ids: number[] = []
  while (ids.length < count) {
    const { value, done } = await watched.next()
    if (done === true) throw new Error('it ended')
    ids.push(value.id)
  }
  return ids
}

t.test('a wallet is watched by a loop, which may end it', async (t) => {
  const http = await startHTTP(t, { streamLifeMs: 3_600_000 })
  const { port } = await listen(t, http)
  await openWith(rawClient(http.send), 'ann', 5)
  const client = createWalletClient({ url: `http://127.0.0.1:${port}` })
  const seen: unknown[] = []
  for await (const transaction of client.watch('ann', { after: 0 })) {
    seen.push(transaction)
    if (seen.length === 3) break
    await client.withdraw({ from: 'ann', amount: 1 })
  }
  t.strictSame(
    seen,
    (await client.page('ann')).transactions.toReversed(),
    'transactions are those of the history, with money as bigint',
  )
})

t.test('it goes on by itself when streams end, each transaction once', async (t) => {
  const clock = settableClock()
  const http = await startHTTP(t, { clock, store: createMemoryWalletStore(clock), streamLifeMs: SOON_MS })
  const { port } = await listen(t, http)
  await openWith(rawClient(http.send), 'ann', 5)
  const client = createWalletClient({ url: `http://127.0.0.1:${port}` })
  const watched = client.watch('ann', { after: 0 })
  for (let id = 1; id <= 20; id += 1) {
    t.strictSame(await idsOf(watched, 1), [id])
    await client.deposit({ to: 'ann', amount: 1 })
  }
  await watched.return()
})

/** Answers request after request as the test says, each with the header that says where to begin. */
async function scripted(t: Test, answers: readonly ((response: ServerResponse) => void)[]) {
  const lastIDs: unknown[] = []
  const server = createServer((request, response) => {
    const answer = answers[lastIDs.length]
    lastIDs.push(request.headers['last-event-id'])
    if (answer === undefined) response.destroy()
    else answer(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { lastIDs, url: `http://127.0.0.1:${port}` }
}

const event = (id: number) =>
  `id: ${id}\ndata: ${JSON.stringify({
    ...{ id, transactionID: 'x', userID: 'ann', type: 1, amount: 1, balance: id, passiveUserID: null },
    createdAt: '2024-12-16T03:59:02.608558Z',
  })}\n\n`
const stream = (response: ServerResponse) => response.writeHead(200, { 'content-type': 'text/event-stream' })

t.test('cut off anywhere, turned away or answered with nonsense, it connects again behind the last one', async (t) => {
  const { url, lastIDs } = await scripted(t, [
    (response) => stream(response).end('id: 4\n\n'),
    (response) => stream(response).end(`${event(5)}:\n\nid: 6\ndata: {"id"`),
    (response) => response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{}'),
    (response) => response.destroy(),
    (response) => stream(response).end('id: 7\ndata: {}\n\n'),
    (response) => stream(response).write(event(6) + event(7)),
  ])
  const watched = createWalletClient({ url }).watch('ann')
  t.strictSame(await idsOf(watched, 3), [5, 6, 7])
  t.strictSame(lastIDs, [undefined, '4', '5', '5', '5', '5'])
  await watched.return()
})

t.test('what the caller took last counts, not what came last', async (t) => {
  const { url, lastIDs } = await scripted(t, [
    (response) => {
      stream(response).write(event(1) + event(2))
      setImmediate(() => response.destroy())
    },
    (response) => stream(response).write(event(2)),
  ])
  const watched = createWalletClient({ url }).watch('ann', { after: 0 })
  t.strictSame(await idsOf(watched, 2), [1, 2])
  t.equal(lastIDs[0], '0')
  await watched.return()
})

t.test('a no, an end by the caller, and what cannot be sent end it', async (t) => {
  const issuer = await createIssuer(t)
  const http = await startHTTP(t, { ...trusting(issuer), streamLifeMs: SOON_MS })
  const { port } = await listen(t, http)
  const url = `http://127.0.0.1:${port}`
  const asAdmin = rawClient(async (call) => http.send({ ...call, headers: bearer(await issuer.admin()) }))
  await asAdmin.open('ann')
  const codeOf = async (userID: string, token?: string) => {
    const client = createWalletClient({ url, ...(token !== undefined && { token }) })
    const error = await client
      .watch(userID)
      .next()
      .catch((cause: unknown) => cause)
    return error instanceof WalletProblem ? error.code : error
  }
  t.equal(await codeOf('ann'), 'UNAUTHENTICATED')
  t.equal(await codeOf('nobody', await issuer.admin()), 'WALLET_NOT_FOUND')

  const ending = new AbortController()
  const client = createWalletClient({ url, token: () => issuer.admin() })
  const watched = client.watch('ann', { signal: ending.signal })
  const next = watched.next()
  ending.abort()
  t.strictSame(await next, { value: undefined, done: true })

  const noToken = createWalletClient({ url, token: () => 'two words' })
  await t.rejects(noToken.watch('ann').next(), WalletUnsettled)
  await t.rejects(createWalletClient({ url }).watch('..').next(), RangeError)
})
