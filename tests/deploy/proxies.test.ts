import { once } from 'node:events'
import { connect } from 'node:http2'
import { request } from 'node:https'
import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { HTTP_BOUNDS } from '../../src/adapters/fastify/bounds.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { freePort } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import type { Answer, Send } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { SELF_SIGNED } from '../support/http/self-signed.ts'
import { USERS } from '../support/http/users.ts'
import {
  createWalletClient,
  nextOf,
  openWith,
  textOf,
  transactionsOf,
  walletPath,
} from '../support/http/wallet-client.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'
import { below, PROXIES, type ReverseProxy, startProxy } from './proxies.ts'

const LIMIT_MS = 60_000
/** The tests of one proxy share their instances. */
const END_LIMIT_MS = 600_000
const PREFIX = '/wallet'
/** The example's limit is not what most of these tests are about. */
const FAST = { nginx: { 'rate=100r/s': 'rate=10000r/s' }, Caddy: {} }
/** Caddy before 2.11.2, which Debian has, closes a body as it finds that an instance takes no connection. */
const REPLACED: Readonly<Record<'nginx' | 'Caddy', { says: string; fails: readonly string[] }>> = {
  nginx: { says: 'no request fails', fails: [] },
  // On a machine that is busy enough a connection may break on the way of a POST, which Caddy then does not send again.
  Caddy: { says: 'at most a write is sent again', fails: ['PUT 503 OUTCOME_UNKNOWN', 'POST 503 OUTCOME_UNKNOWN'] },
}
const WHERE = { 'at the root': '', 'below a path': PREFIX }

async function startInstance(t: Test, env: Readonly<Record<string, string>>) {
  const port = String(await freePort())
  const start = () =>
    startServiceProcess(t, { env: { ...env, TRUST_PROXY: '127.0.0.1', PORT: port }, endLimitMs: END_LIMIT_MS })
  return { start, first: await start() }
}

/** Two instances on one database. */
async function startInstances(t: Test) {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const instances = [await startInstance(t, env), await startInstance(t, env)]
  return { instances, urls: instances.map(({ first }) => first.url) }
}

for (const [name, kind] of [
  ['nginx', PROXIES.nginx],
  ['Caddy', PROXIES.Caddy],
] as const) {
  t.test(`behind ${name}`, async (t) => {
    const { instances, urls } = await startInstances(t)
    const proxy = await startProxy(t, kind, urls, FAST[name])

    for (const [where, path] of Object.entries(WHERE)) {
      const send = below(path, proxy.send)
      const client = createWalletClient(send)
      await openWith(client, `payer ${where}`, 5_000_000)

      t.test(`every user ID arrives as it was sent, ${where}`, async (t) => {
        for (const userID of USERS) {
          const opened = await client.open(userID)
          t.match(opened, { status: path === '' ? 201 : 200, body: { userID } }, userID.slice(0, 30))
          const moved = await client.transfer(`payer ${where}`, userID, 2)
          t.match(moved, { status: 200, body: { passiveUserID: userID } }, userID.slice(0, 30))
          await client.withdraw(userID, 1)
          const next = nextOf((await client.history(userID, '?limit=1')).headers.link)
          const { pathname, search } = new URL(next, `${proxy.url}${path}${walletPath(userID)}/transactions`)
          t.match(transactionsOf(await proxy.send({ method: 'GET', path: `${pathname}${search}` })), [{ type: 3 }])
        }
      })

      t.test(`the console, the reference and all that they load are found, ${where}`, async (t) => {
        for (const page of ['console', 'docs']) {
          const { status, headers } = await send({ method: 'GET', path: `/${page}` })
          t.equal(status, 302)
          const found = new URL(headers.location ?? '', `${proxy.url}${path}/${page}`)
          t.equal(found.href, `${proxy.url}${path}/${page}/`)
          t.ok((await loadAll(t, proxy.send, found)) >= 5)
        }
        const { body } = await send({ method: 'GET', path: '/openapi.json' })
        const { url } = Object(Array.isArray(body.servers) ? body.servers[0] : undefined)
        t.equal(new URL(url, `${proxy.url}${path}/openapi.json`).href, `${proxy.url}${path}/`)
      })

      t.test(`the command line and its client work, ${where}`, async (t) => {
        const env = { WALLET_URL: `${proxy.url}${path}`, NODE_EXTRA_CA_CERTS: proxy.certificate }
        const user = `user ${where}`
        for (const [line, says] of [
          [['open', user], user],
          [['deposit', user, '2usd'], '2'],
          [['history', user, '--format', 'csv'], '2'],
        ] as const) {
          const { code, stdout, stderr } = await runWallet(t, line, { env })
          t.equal(code, 0, stderr)
          t.match(stdout, says)
        }
      })

      t.test(`an event comes at once, ${where}`, async (t) => {
        const next = await follow(t, proxy, `${path}${walletPath(`payer ${where}`)}/events`)
        t.match(await next(), /^id: \d+$/)
        for (let amount = 1; amount <= 3; amount += 1) {
          const { body } = await client.deposit(`payer ${where}`, amount)
          t.match(await next(), `id: ${body.id}\ndata: {"id":${body.id},`)
        }
      })

      t.test(`a reader of the feed waits for what is new, ${where}`, async (t) => {
        const read = async (after: string, wait: number) =>
          (await send({ method: 'GET', path: `/api/v1/transactions?limit=1000&wait=${wait}&after=${after}` })).body
        let next = textOf((await send({ method: 'GET', path: '/api/v1/transactions?limit=1000' })).body, 'next')
        for (let page = await read(next, 3); ; page = await read(next, 3)) {
          next = textOf(page, 'next')
          if (Array.isArray(page.transactions) && page.transactions.length === 0) break
        }
        const waiting = read(next, 30)
        const { body } = await client.deposit(`payer ${where}`, 4)
        t.match(await waiting, { transactions: [{ transactionID: body.transactionID }] })
      })

      t.test(`a body that is too large is answered as documented, ${where}`, async (t) => {
        for (let time = 0; time < 10; time += 1) {
          isProblem(t, await client.put('ann', 'deposit', ' '.repeat(17_000)), 'BODY_TOO_LARGE')
          const list = { method: 'PUT', path: '/api/v1/transactions' }
          isProblem(t, await send({ ...list, body: ' '.repeat(600_000) }), 'BODY_TOO_LARGE', undefined, 'a list')
          isProblem(
            t,
            await send({ ...list, body: ' '.repeat(3_000_000) }),
            'BODY_TOO_LARGE',
            undefined,
            'far too large',
          )
        }
      })

      t.test(`figures are not shown, ${where}`, async (t) => {
        t.equal((await send({ method: 'GET', path: '/metrics' })).status, 404)
      })
    }

    t.test('the largest list passes', async (t) => {
      const client = createWalletClient(proxy.send)
      await client.open('lists')
      const metadata = { note: 'x'.repeat(360) }
      const items = (await client.newIDs('lists', 1000)).map((transactionID) => ({
        ...{ userID: 'lists', type: 1, amount: 1, transactionID, metadata },
      }))
      const bytes = JSON.stringify({ transactions: items }).length
      t.ok(bytes > 0.9 * HTTP_BOUNDS.listBytes && bytes < HTTP_BOUNDS.listBytes, `${bytes}`)
      t.equal((await client.list(items)).status, 200)
      t.match(await client.wallet('lists'), { body: { balance: 1000 } })
    })

    t.test('plain HTTP is led to TLS, and HTTP/2 is spoken there', async (t) => {
      const { status, headers } = await fetch(`${proxy.plainURL}/console?a=b`, { redirect: 'manual' })
      t.equal(status, 308)
      t.match(headers.get('location'), /^https:\/\/127\.0\.0\.1.*\/console\?a=b$/)
      const session = connect(proxy.url, { ca: SELF_SIGNED.cert })
      t.teardown(() => session.destroy())
      const stream = session.request({ ':path': walletPath('payer at the root') })
      const [answer] = await once(stream, 'response')
      t.equal(answer[':status'], 200)
      t.match(JSON.parse((await stream.setEncoding('utf8').toArray()).join('')), { userID: 'payer at the root' })
      t.equal(session.alpnProtocol, 'h2')
    })

    t.test("the service's log has the client's address, and both logs the ID of the answer", async (t) => {
      const send = proxy.sendFrom('127.0.0.9')
      const headers = { 'x-forwarded-for': '1.2.3.4', 'x-request-id': 'mine' }
      const { headers: answered } = await send({ method: 'GET', path: walletPath('payer at the root'), headers })
      const requestID = answered['x-request-id'] ?? ''
      const line = await eventually('the line of the request', LIMIT_MS, () =>
        instances.flatMap(({ first }) => first.log().split('\n')).find((each) => each.includes(`"${requestID}"`)),
      )
      t.match(JSON.parse(line), { requestID, address: '127.0.0.9', status: 200 })
      const log = await eventually('the line of the proxy', LIMIT_MS, async () => {
        const text = await proxy.log()
        return text.includes(requestID) ? text : undefined
      })
      t.notMatch(log, /payer|1\.2\.3\.4/, 'and no user')
    })
  })

  t.test(`instances behind ${name} are replaced one by one, and ${REPLACED[name].says}`, async (t) => {
    const { instances, urls } = await startInstances(t)
    const proxy = await startProxy(t, kind, urls, FAST[name])
    const answered = { count: 0, failed: new Set<string>() }
    let running = true
    /** As the README has it: 503 is sent again. */
    const ask = async (method: string, send: () => Promise<Answer>): Promise<Answer> => {
      const answer = await send()
      answered.count += 1
      if (answer.status <= 201) return answer
      answered.failed.add(`${method} ${answer.status} ${answer.body.code}`)
      if (answer.status !== 503) throw new Error(answer.text)
      return ask(method, send)
    }
    const clients = Array.from({ length: 12 }, async (_, index) => {
      const client = createWalletClient(proxy.send)
      const user = `user-${index}`
      await client.open(user)
      let deposits = 0
      while (running) {
        const { body } = await ask('POST', () => client.issue(user))
        await ask('PUT', () => client.deposit(user, 1, textOf(body, 'transactionID')))
        deposits += 1
        await ask('GET', () => client.wallet(user))
      }
      t.match(await client.wallet(user), { body: { balance: deposits } })
    })
    const more = (least: number) => {
      const from = answered.count
      return eventually('more requests', LIMIT_MS, () => answered.count > from + least || undefined)
    }
    const replaced = (async () => {
      for (const { first, start } of instances) {
        await more(300)
        t.equal((await first.end('SIGTERM')).code, 0)
        await more(300)
        const { log } = await start()
        await eventually('requests to the new one', LIMIT_MS, () => log().includes('/wallet/deposit') || undefined)
      }
    })()
    await Promise.race([replaced, Promise.all(clients)]).finally(() => {
      running = false
    })
    await Promise.all([replaced, ...clients])
    for (const failed of answered.failed) t.ok(REPLACED[name].fails.includes(failed), failed)
  })

  t.test(`without an instance ${name} says what the client is to do`, async (t) => {
    const nowhere = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`]
    const proxy = await startProxy(t, kind, nowhere, FAST[name])
    for (let time = 0; time < 3; time += 1)
      isProblem(t, await proxy.send({ method: 'PUT', path: walletPath('ann') }), 'OUTCOME_UNKNOWN')
  })
}

t.test('past the rate nginx answers as the service does, and limits only that address', async (t) => {
  const { urls } = await startInstances(t)
  const proxy = await startProxy(t, PROXIES.nginx, urls, { 'rate=100r/s': 'rate=1r/m' })
  const send = proxy.sendFrom('127.0.0.8')
  const answers = await Promise.all(Array.from({ length: 210 }, () => send({ method: 'GET', path: '/livez' })))
  const limited = answers.filter(({ status }) => status !== 200)
  t.ok(limited.length >= 5, `${limited.length} of 210 are too many`)
  for (const answer of limited) isProblem(t, answer, 'TOO_MANY_REQUESTS')
  t.equal((await proxy.sendFrom('127.0.0.7')({ method: 'GET', path: '/livez' })).status, 200)
})

/** Loads a page, and what it and its modules name; says how many files that were. */
async function loadAll(t: Test, send: Send, page: URL): Promise<number> {
  const { text } = await send({ method: 'GET', path: page.pathname })
  const map = /<script type="importmap">([\s\S]*?)<\/script>/.exec(text)?.[1]
  const libraries: Readonly<Record<string, string>> = map === undefined ? {} : JSON.parse(map).imports
  const named = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target)
  const waiting = [...named, ...Object.values(libraries)].map((target) => new URL(target, page))
  const seen = new Set<string>()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.href)) continue
    seen.add(next.href)
    const file = await send({ method: 'GET', path: next.pathname })
    t.equal(file.status, 200, next.href)
    if (map !== undefined && next.pathname.endsWith('.js'))
      for (const [, name = ''] of file.text.matchAll(/\bfrom *["'](\.[\w./-]+)["']/g)) waiting.push(new URL(name, next))
  }
  return seen.size
}

/** Opens a stream of events: each call waits for the next one, comments left out. */
async function follow(t: Test, proxy: ReverseProxy, path: string): Promise<() => Promise<string>> {
  const opened = request(`${proxy.url}${path}`, { ca: SELF_SIGNED.cert, agent: false })
  t.teardown(() => opened.destroy())
  opened.end()
  const [response] = await once(opened, 'response')
  t.equal(response.statusCode, 200)
  let text = ''
  response.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
  })
  return () =>
    eventually('an event', LIMIT_MS, () => {
      const end = text.indexOf('\n\n')
      if (end === -1) return undefined
      const event = text.slice(0, end)
      text = text.slice(end + 2)
      return event === ':' ? undefined : event
    })
}
