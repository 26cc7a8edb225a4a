import t from 'tap'
import { SECOND, startHTTP } from '../support/http/http.ts'
import { HTTP_STORES } from '../support/http/http-stores.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, walletPath } from '../support/http/wallet-client.ts'

t.test('opening a wallet answers 201 once and 200 from then on, with the same wallet', async (t) => {
  const { send, clock } = await startHTTP(t)
  const client = createWalletClient(send)
  const first = await client.open('ann')
  const at = '2024-12-16T03:59:02.608558Z'
  t.equal(first.status, 201)
  t.equal(first.text, `{"userID":"ann","balance":0,"version":0,"createdAt":"${at}","updatedAt":"${at}"}`)
  clock.move(SECOND)
  t.match(await client.open('ann'), { status: 200, text: first.text })
  t.match(await client.wallet('ann'), { status: 200, text: first.text })
  t.match(await send({ method: 'PUT', path: walletPath('ann'), body: {} }), { status: 200, text: first.text })
  isProblem(t, await client.wallet('bob'), 'WALLET_NOT_FOUND')
})

t.test('opening it again changes nothing of a wallet that was used', async (t) => {
  const { send, clock } = await startHTTP(t)
  const client = createWalletClient(send)
  await client.open('ann')
  clock.move(SECOND)
  await client.deposit('ann', 5)
  const used = await client.wallet('ann')
  t.match(used.body, { balance: 5, version: 1, updatedAt: '2024-12-16T03:59:03.608558Z' })
  t.match(await client.open('ann'), { status: 200, text: used.text })
})

t.test('of many that open one wallet at once exactly one is told 201', async (t) => {
  for (const [, start] of HTTP_STORES) {
    const client = createWalletClient((await start(t)).send)
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.open('ann')))
    t.equal(answers.filter(({ status }) => status === 201).length, 1)
    t.equal(answers.filter(({ status }) => status === 200).length, 49)
    t.equal(new Set(answers.map(({ text }) => text)).size, 1)
  }
})
