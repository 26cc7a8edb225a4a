import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { createIssuer } from '../support/http/issuer.ts'
import { listenOnFreePort } from '../support/listen.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { startBrowser } from './browser.ts'

/** A shop's page; its address says behind the # which service it uses, with which token. */
const PAGE = `<!doctype html><title>Shop</title><script type="module">
import { createWalletClient } from '/client.js'

const { service, token } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))

/** Pays once, and sends it again; answers with what it learns of it. */
window.pay = async () => {
  const replayed = []
  const client = createWalletClient({
    url: service,
    token,
    async fetch(...request) {
      const answer = await fetch(...request)
      replayed.push(answer.headers.get('Idempotent-Replayed'))
      return answer
    },
  })
  await client.open('ann')
  const { transactionID } = await client.issue('ann')
  await client.deposit({ to: 'ann', amount: 5000000n }, { transactionID })
  const { balance } = await client.deposit({ to: 'ann', amount: 5000000n }, { transactionID })
  return { balance: String(balance), replayed }
}

/** Opens a wallet; answers with how that ends. */
window.openWallet = (userID) =>
  fetch(service + '/api/v1/users/' + userID + '/wallet', { method: 'PUT', headers: { authorization: 'Bearer ' + token } })
    .then(({ status }) => status, ({ name }) => name)
</script>`

/** Serves the page, and the client as it is compiled; says its port. */
async function startShop(t: Test): Promise<string> {
  const server = createServer(async ({ url = '/' }, response) => {
    if (!/^\/\w+\.js$/.test(url)) return response.setHeader('content-type', 'text/html').end(PAGE)
    return response.setHeader('content-type', 'text/javascript').end(await readFile(`dist/client${url}`))
  })
  return new URL(await listenOnFreePort(t, server)).port
}

t.test('a page on a listed origin pays with the client; one on any other is refused by the browser', async (t) => {
  const shop = await startShop(t)
  const issuer = await createIssuer(t)
  const { jwksURL, issuer: name, audience } = issuer.settings
  const { url } = await startServiceProcess(t, {
    env: {
      ...{ AUTH_JWKS_URL: jwksURL.href, AUTH_ISSUER: name, AUTH_AUDIENCE: audience },
      DATABASE_URL: toURL(await createTestDatabase(t)),
      CORS_ORIGINS: `http://127.0.0.1:${shop}`,
    },
  })
  const token = await issuer.admin()
  const fragment = new URLSearchParams({ service: url, token })
  const browser = await startBrowser(t)

  const listed = await browser.open(`http://127.0.0.1:${shop}/#${fragment}`)
  t.strictSame(await listed.evaluate('pay()'), { balance: '5000000', replayed: [null, null, null, 'true'] })
  t.equal(await listed.evaluate('openWallet("bob")'), 201)

  const other = await browser.open(`http://localhost:${shop}/#${fragment}`)
  t.equal(await other.evaluate('openWallet("carl")'), 'TypeError')
  t.match(
    browser.complaints.join('\n'),
    /users\/carl\/wallet' .* blocked by CORS policy/,
    'it is the browser that says so',
  )
  await t.rejects(createWalletClient({ url, token }).wallet('carl'), { code: 'WALLET_NOT_FOUND' }, 'it was never sent')
})
