import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { createWalletClient, openWith, walletPath } from '../support/http/wallet-client.ts'

t.test('no answer is kept by anybody, or taken for anything but what it says', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 5)
  const answers = [
    await client.wallet('ann'),
    await client.issue('ann'),
    await client.history('ann'),
    await client.deposit('ann', 1),
    await client.withdraw('ann', 100),
    await client.wallet('nobody'),
    await client.put('ann', 'deposit', '{'),
    await send({ method: 'DELETE', path: walletPath('ann') }),
    await send({ method: 'GET', path: '/nothing' }),
    await send({ method: 'GET', path: '/livez' }),
    await send({ method: 'GET', path: '/openapi.json' }),
  ]
  for (const { status, headers } of answers) {
    t.equal(headers['x-content-type-options'], 'nosniff', String(status))
    t.equal(headers['cache-control'], 'no-store', String(status))
    t.equal(headers['x-powered-by'], undefined)
    t.equal(headers.server, undefined)
  }
})

t.test('what a browser shows may load nothing from elsewhere, run nothing inline and stand in no frame', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of ['/openapi.json', '/llms.txt', '/docs/', '/docs/static/swagger-ui.css']) {
    const { status, headers } = await send({ method: 'GET', path })
    t.equal(status, 200, path)
    const policy = headers['content-security-policy'] ?? ''
    t.match(policy, /default-src 'self'/)
    t.match(policy, /frame-ancestors 'none'/)
    t.notMatch(policy, /unsafe|https?:|\*/)
    t.match(headers, { 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' })
    t.equal(headers['strict-transport-security'], undefined, 'that is for the proxy that ends TLS to say')
  }
})
