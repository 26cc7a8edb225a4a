import t from 'tap'
import { type Body, startHTTP, type TestHTTP } from '../support/http/http.ts'
import { createWalletClient, openWith, textOf, walletPath } from '../support/http/wallet-client.ts'

const INFO = 30

function linesOf({ log }: TestHTTP, requestID: string | undefined): Body[] {
  return log.filter((line) => line.requestID === requestID)
}

t.test('every request is one line: who, what, how it ended and how long it took', async (t) => {
  const http = await startHTTP(t)
  const client = createWalletClient(http.send)
  await openWith(client, 'ann', 100)
  const id = await client.newID('ann')
  const wallet = '/api/v1/users/:userID/wallet'
  const answers = [
    { answer: await client.wallet('ann'), route: wallet, method: 'GET', transactionID: undefined },
    { answer: await client.deposit('ann', 1, id), route: `${wallet}/deposit`, method: 'PUT', transactionID: id },
    { answer: await client.deposit('ann', 2, id), route: `${wallet}/deposit`, method: 'PUT', transactionID: id },
    {
      answer: await client.status('ann', id),
      route: `${wallet}/transactionID/:transactionID`,
      method: 'GET',
      transactionID: id,
    },
    { answer: await client.history('ann'), route: `${wallet}/transactions`, method: 'GET', transactionID: undefined },
    { answer: await client.history('ann', '?limit=0'), route: `${wallet}/transactions`, method: 'GET' },
    { answer: await http.send({ method: 'DELETE', path: walletPath('ann') }), route: wallet, method: 'DELETE' },
    { answer: await http.send({ method: 'GET', path: '/api/v1/users/%ZZ/wallet' }), route: wallet, method: 'GET' },
    { answer: await http.send({ method: 'GET', path: '/nothing' }), route: undefined, method: 'GET' },
    { answer: await http.send({ method: 'PUT', path: walletPath('ann'), body: '{' }), route: wallet, method: 'PUT' },
    {
      answer: await http.send({ method: 'PUT', path: walletPath('ann'), body: ' '.repeat(20_000) }),
      route: wallet,
      method: 'PUT',
    },
    { answer: await http.send({ method: 'GET', path: '/livez' }), route: '/livez', method: 'GET' },
  ]
  const seen = new Set<string | undefined>()
  for (const { answer, route, method, transactionID } of answers) {
    const requestID = answer.headers['x-request-id']
    seen.add(requestID)
    const [line, ...more] = linesOf(http, requestID)
    t.same(more, [], `${method} ${route}: one line`)
    t.match(line, { level: INFO, msg: 'request', method, status: answer.status })
    t.equal(line?.route, route)
    t.equal(line?.transactionID, transactionID)
    t.ok(typeof line?.ms === 'number' && line.ms >= 0 && line.ms < 60_000)
  }
  t.equal(seen.size, answers.length, 'request IDs are unique')
  const issued = await client.issue('ann')
  t.match(linesOf(http, issued.headers['x-request-id']), [{ transactionID: textOf(issued.body, 'transactionID') }])
})

t.test('a line has the address of the client: the one who connects, or whom a trusted proxy names', async (t) => {
  for (const [trustedProxies, address] of [
    [[], '127.0.0.1'],
    [['10.0.0.1'], '127.0.0.1'],
    [['127.0.0.1'], '10.9.0.1'],
  ] as const) {
    const http = await startHTTP(t, { trustedProxies })
    await http.send({ method: 'GET', path: '/livez', headers: { 'x-forwarded-for': '1.1.1.1, 10.9.0.1' } })
    t.match(http.log, [{ route: '/livez', address }])
  }
})

t.test(
  'no body, user, amount or balance is logged, and nothing with a stack for a request that was turned down',
  async (t) => {
    const http = await startHTTP(t)
    const client = createWalletClient(http.send)
    await openWith(client, 'secretuser', 7_654_321)
    await openWith(client, 'secretpassive')
    await client.transfer('secretuser', 'secretpassive', 1_234_567)
    await client.transfer('secretuser', 'secretpassive', 7_654_321_000)
    await client.put('secretuser', 'deposit', { amount: -1_234_567, note: 'secretnote' })
    await client.put('secretuser', 'deposit', '{"secretbroken')
    await client.history('secretuser', '?secretquery=1')
    await http.send({ method: 'DELETE', path: walletPath('secretuser'), body: 'secret' })
    await http.send({ method: 'GET', path: '/secretpath/%ZZ' })
    await http.send({
      method: 'PUT',
      path: walletPath('secretuser'),
      body: 'secret',
      headers: { 'content-type': 'secret/x' },
    })
    t.ok(http.log.length >= 12)
    for (const line of http.log) {
      const text = JSON.stringify(line)
      t.notMatch(text, /secret|7654321|1234567|6419754/, text)
      t.notMatch(text, /stack|node_modules|\.[jt]s:\d/, 'no stack')
      t.equal(line.level, INFO)
    }
  },
)
