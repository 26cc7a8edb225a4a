import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { createPrometheus } from '../../src/adapters/prometheus/metrics.ts'
import { type DeclaredRoute, declaredRoutes, onCreation } from '../support/http/declared-routes.ts'
import { type Answer, type Call, startHTTP } from '../support/http/http.ts'
import { bearer, createIssuer, trusting } from '../support/http/issuer.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, textOf } from '../support/http/wallet-client.ts'

const TABLE = /(?<=<!-- table -->\n)[\s\S]*?(?=<!-- end of table -->)/
const UNUSED_ID = '00000000-0000-8000-8000-000000000000'

async function setUp(t: Test) {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  const prometheus = createPrometheus('1.2.3')
  const { built: http, routes } = await declaredRoutes(() => startHTTP(t, { authenticate, prometheus }))
  const admin = await issuer.admin()
  const asAdmin = createWalletClient((call) => http.send({ ...call, headers: bearer(admin) }))
  for (const userID of ['ann', 'bob', 'passive']) await asAdmin.open(userID)
  await asAdmin.deposit('ann', 1_000_000)

  /** A call that the route would carry out, with an unused ID of the user's own. */
  async function callOf({ method, url }: DeclaredRoute, userID: string): Promise<Call> {
    const transactionID = url.includes('/wallet/') ? await asAdmin.newID(userID) : UNUSED_ID
    const path = url.replace(':userID', userID).replace(':transactionID', transactionID).replace('*', 'nothing')
    switch (url.split('/').at(-1)) {
      case 'deposit':
      case 'withdraw':
        return { method, path, body: { amount: 1, transactionID } }
      case 'transfer':
        return { method, path, body: { amount: 1, transactionID, passiveUserID: 'passive' } }
      case 'state':
        return { method, path, body: { state: 'open', reason: 'a reason' } }
      case 'transactionIDs':
        return { method, path, body: { count: 2 } }
      case 'transactions':
        if (method === 'GET' || method === 'HEAD') return { method, path }
        return { method, path, body: { transactions: [{ userID, type: 2, amount: 1, transactionID: UNUSED_ID }] } }
      case 'statement':
        return { method, path: `${path}?from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z` }
      case 'references':
        return { method, path: `${path}?reference=x` }
      case 'wallets':
        return { method, path: `${path}?prefix=${userID}` }
      default:
        return { method, path }
    }
  }

  async function ask(route: DeclaredRoute, userID: string, token?: string): Promise<Answer> {
    const call = await callOf(route, userID)
    return http.send(token === undefined ? call : { ...call, headers: bearer(token) })
  }

  const served: DeclaredRoute[] = []
  for (const route of routes) if ((await ask(route, 'ann')).status !== 405) served.push(route)
  return { ...http, issuer, admin, asAdmin, routes: served, ask }
}

function cell({ status, body }: Answer): string {
  return typeof body.code === 'string' ? `${status} ${body.code}` : String(status)
}

t.test('every route answers every token as the table in docs/authentication.md says', async (t) => {
  const { issuer, admin, routes, ask } = await setUp(t)
  const tokens: Readonly<Record<string, string | undefined>> = {
    owner: await issuer.token('ann'),
    'other user': await issuer.token('bob'),
    admin,
    'no token': undefined,
    ...(await issuer.wrongTokens('ann')),
  }
  const names = Object.keys(tokens)
  const readable = routes.filter(({ method }) => method !== 'HEAD')
  t.ok(readable.length >= 11 && names.length === 17)
  const rows: string[][] = []
  for (const route of readable) {
    const cells = []
    for (const name of names) cells.push(cell(await ask(route, 'ann', tokens[name])))
    rows.push([`\`${route.method} ${route.url}\``, ...cells])
  }
  // Where all wrong tokens fare as none does, one column says so for them all.
  const wrong = names.indexOf('no token') + 1
  const header = ['route', ...names.slice(0, wrong), 'every wrong token']
  const lines = rows.map((row) => {
    const rest = new Set(row.slice(wrong + 1))
    return [...row.slice(0, wrong + 1), [...rest].join(', ')]
  })
  const table = [header, header.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |\n`).join('')
  const documented = await readFile('docs/authentication.md', 'utf8')
  t.equal(TABLE.exec(documented)?.[0], table)
  for (const name of names.slice(wrong)) t.match(documented, name, `the wrong tokens are listed: ${name}`)
})

t.test('HEAD is guarded as GET is', async (t) => {
  const { issuer, admin, routes, ask } = await setUp(t)
  const tokens = [undefined, await issuer.token('ann'), await issuer.token('bob'), admin, 'garbage']
  const heads = routes.filter(({ method }) => method === 'HEAD')
  t.ok(heads.length >= 6)
  for (const { url } of heads)
    for (const token of tokens) {
      const [get, head] = [
        await ask({ method: 'GET', url }, 'ann', token),
        await ask({ method: 'HEAD', url }, 'ann', token),
      ]
      t.equal(head.status, get.status, `${url} ${token}`)
      t.equal(head.raw.length, 0)
    }
})

t.test("someone else's wallet is answered for, byte for byte, like one that does not exist", async (t) => {
  const { issuer, send, routes, ask, asAdmin } = await setUp(t)
  const bob = await issuer.token('bob')
  const used = await asAdmin.newID('ann')
  await asAdmin.withdraw('ann', 1, used)
  const guarded = routes.filter(({ url }) => url.includes(':userID'))
  t.equal(guarded.filter(({ method }) => method !== 'HEAD').length, 14)
  for (const route of guarded) {
    const what = `${route.method} ${route.url}`
    const [theirs, nobodys] = [await ask(route, 'ann', bob), await ask(route, 'nobody', bob)]
    t.strictSame(comparable(theirs), comparable(nobodys), what)
    t.equal(theirs.status, /\/(?:deposit|state)$|^\/console\//.test(route.url) ? 403 : 404, what)
    const wrong = { method: route.method, headers: { ...bearer(bob), 'content-type': 'text/plain' }, body: '{' }
    const [wrongTheirs, wrongNobodys] = await Promise.all(
      ['ann', 'nobody'].map((userID) =>
        send({ ...wrong, path: `${route.url.replace(':userID', userID).replace(':transactionID', 'x')}?x=1` }),
      ),
    )
    t.ok(wrongTheirs && wrongNobodys)
    if (wrongTheirs && wrongNobodys)
      t.strictSame(comparable(wrongTheirs), comparable(wrongNobodys), `${what}, malformed`)
  }
  const bobs = createWalletClient((call) => send({ ...call, headers: bearer(bob) }))
  for (const id of [used, await asAdmin.newID('ann'), UNUSED_ID]) {
    isProblem(t, await bobs.status('ann', id), 'WALLET_NOT_FOUND', undefined, 'the status of an ID of theirs')
    isProblem(t, await bobs.withdraw('ann', 1, id), 'WALLET_NOT_FOUND', undefined, 'an ID of theirs')
    isProblem(t, await bobs.transfer('ann', 'bob', 1, id), 'WALLET_NOT_FOUND', undefined, 'from their wallet')
  }
  t.match(await asAdmin.wallet('ann'), { body: { balance: 999_999 } }, 'and nothing was moved')
  t.match(await asAdmin.wallet('nobody'), { status: 404 }, 'or opened')
})

/** All of an answer but what names the request and the moment. */
function comparable({ status, headers, text, body }: Answer) {
  const { 'x-request-id': requestID = '', date: _, ...rest } = headers
  if (text !== '') textOf(body, 'instance')
  return { status, headers: rest, text: text.replace(requestID, '<request>') }
}

t.test('an owner opens, reads, withdraws and transfers, obtains IDs and reads their outcomes', async (t) => {
  const { issuer, send, asAdmin } = await setUp(t)
  const cyd = await issuer.token('cyd')
  const own = createWalletClient((call) => send({ ...call, headers: bearer(cyd) }))
  isProblem(t, await own.wallet('cyd'), 'WALLET_NOT_FOUND')
  t.equal((await own.open('cyd')).status, 201)
  isProblem(t, await own.deposit('cyd', 1), 'FORBIDDEN')
  t.equal((await asAdmin.deposit('cyd', 10)).status, 200)
  const id = await own.newID('cyd')
  t.equal((await own.withdraw('cyd', 1, id)).status, 200)
  t.match(await own.status('cyd', id), { status: 200, body: { status: 'executed' } })
  t.equal((await own.transfer('cyd', 'ann', 2)).status, 200)
  t.match(await own.history('cyd'), { body: { transactions: [{ id: 3 }, { id: 2 }, { id: 1 }] } })
})

t.test('a user ID is compared exactly: no case, no form and no encoding makes two users one', async (t) => {
  const { issuer, send } = await setUp(t)
  const owner = await issuer.token('é/ä')
  const path = (userID: string) => `/api/v1/users/${userID}/wallet`
  const open = (userID: string) => send({ method: 'PUT', path: path(userID), headers: bearer(owner) })
  t.equal((await open('%C3%A9%2F%C3%A4')).status, 201)
  t.equal((await open('%c3%a9%2f%c3%a4')).status, 200, 'the same user, spelt otherwise')
  for (const other of ['%C3%89%2F%C3%A4', 'e%CC%81%2F%C3%A4', '%C3%A9%252F%C3%A4', '%C3%A9'])
    isProblem(t, await open(other), 'WALLET_NOT_FOUND', undefined, other)
})

t.test('who is asking comes before everything that is wrong with the request', async (t) => {
  const { issuer, send } = await setUp(t)
  const path = '/api/v1/users/ann/wallet/withdraw'
  const wrong: Partial<Call>[] = [
    { body: '{' },
    { body: ' '.repeat(20_000) },
    { body: 'x', headers: { 'content-type': 'text/plain' } },
    { path: '/api/v1/users/%ZZ/wallet/withdraw' },
    { path: `${path}?x=1` },
  ]
  for (const each of wrong)
    isProblem(t, await send({ method: 'PUT', path, ...each }), 'UNAUTHENTICATED', undefined, JSON.stringify(each))
  isProblem(t, await send({ method: 'DELETE', path }), 'METHOD_NOT_ALLOWED')
  isProblem(t, await send({ method: 'PUT', path: '/api/v1/nothing' }), 'ROUTE_NOT_FOUND')
  const headers = bearer(await issuer.token('bob'))
  const deposit = { method: 'PUT', path: '/api/v1/users/bob/wallet/deposit', body: '{', headers }
  isProblem(t, await send(deposit), 'FORBIDDEN', undefined, 'before the body is read')
})

t.test('a 401 and a 403 say what is wanted, as RFC 6750 has it', async (t) => {
  const { issuer, send } = await setUp(t)
  const get = (headers: Call['headers']) =>
    send({ method: 'GET', path: '/api/v1/users/ann/wallet', ...(headers && { headers }) })
  const challenge = async (headers: Call['headers']) => {
    const answer = await get(headers)
    isProblem(t, answer, 'UNAUTHENTICATED')
    return answer.headers['www-authenticate']
  }
  for (const authorization of [undefined, '', 'Basic YTpi', 'Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Token x'])
    t.equal(await challenge(authorization === undefined ? {} : { authorization }), 'Bearer', String(authorization))
  const expired = (await issuer.wrongTokens('ann')).expired ?? ''
  t.equal(await challenge(bearer(expired)), 'Bearer error="invalid_token", error_description="The token has expired."')
  const token = await issuer.token('ann')
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer  '])
    t.equal((await get({ authorization: `${scheme} ${token}` })).status, 200, scheme)
  const path = '/api/v1/users/ann/wallet/deposit'
  const { headers } = await send({ method: 'PUT', path, headers: bearer(token) })
  t.equal(headers['www-authenticate'], 'Bearer error="insufficient_scope", scope="wallet:admin"')
})

t.test('while the keys are out of reach every guarded route says 503, and the open ones serve', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer, { timeoutMs: 2000 })
  const prometheus = createPrometheus('1.2.3')
  const { built: http, routes } = await declaredRoutes(() => startHTTP(t, { authenticate, prometheus }))
  const headers = bearer(await issuer.admin())
  const paths = new Set(routes.map(({ url }) => url.replace(':userID', 'ann').replace(':transactionID', UNUSED_ID)))
  async function everywhere(why: string): Promise<void> {
    const ask = async (path: string) => ({ path, answer: await http.send({ method: 'GET', path, headers }) })
    for (const { path, answer } of await Promise.all([...paths].map(ask))) {
      if (!/^\/(?:api|console\/data)\//.test(path)) t.not(answer.status, 503, `${path}: ${why}`)
      else if (answer.status !== 405) isProblem(t, answer, 'AUTHENTICATION_UNAVAILABLE', undefined, `${path}: ${why}`)
    }
  }
  await issuer.stop()
  await everywhere('stopped')
  await issuer.start()
  issuer.answerWith(() => {})
  await everywhere('too slow')
  issuer.answerWith()
  const path = '/api/v1/users/ann/wallet'
  t.equal((await http.send({ method: 'PUT', path, headers })).status, 201, 'and serves when they are back')
  await issuer.rotate()
  isProblem(t, await http.send({ method: 'PUT', path }), 'UNAUTHENTICATED')
})

t.test('openapi.json asks for a bearer token exactly where tokens are checked', async (t) => {
  const { send } = await setUp(t)
  const get = { method: 'GET', path: '/openapi.json' }
  t.match((await send(get)).body, {
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    security: [{ bearer: [] }],
    paths: { '/livez': { get: { security: [] } }, '/readyz': { get: { security: [] } } },
  })
  const open = (await (await startHTTP(t)).send(get)).body
  t.strictSame(open.security, [])
  t.notMatch(open, { components: { securitySchemes: {} } })
})

t.test('the log says which administrator sent a request, and names no one else', async (t) => {
  const { issuer, send, log, asAdmin } = await setUp(t)
  const deposit = await asAdmin.deposit('ann', 5)
  const own = await send({
    method: 'GET',
    path: '/api/v1/users/ann/wallet',
    headers: bearer(await issuer.token('ann')),
  })
  const refused = await send({ method: 'GET', path: '/api/v1/users/ann/wallet', headers: bearer('x') })
  const lineOf = ({ headers }: Answer) => log.find(({ requestID }) => requestID === headers['x-request-id'])
  t.match(lineOf(deposit), { administrator: 'operator', transactionID: deposit.body.transactionID })
  for (const answer of [own, refused]) t.equal(lineOf(answer)?.administrator, undefined)
})

t.test('a token reaches no log, at no level, whatever becomes of its request', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate, said } = trusting(issuer, { maxAgeMs: 0 })
  const service = { open: async () => Promise.reject(new Error('a bug')) }
  const http = await startHTTP(t, { authenticate, expectErrors: true })
  const broken = await startHTTP(t, {
    authenticate,
    expectErrors: true,
    service: new Proxy(service, { get: () => service.open }) as never,
  })
  const secrets = [await issuer.token('ann'), await issuer.admin(), ...Object.values(await issuer.wrongTokens('ann'))]
  const path = '/api/v1/users/ann/wallet'
  for (const state of ['up', 'down'] as const) {
    if (state === 'down') await issuer.stop()
    for (const token of secrets)
      for (const { send } of [http, broken])
        for (const call of [
          { method: 'PUT', path },
          { method: 'PUT', path, body: '{' },
          { method: 'DELETE', path },
          { method: 'GET', path: '/nothing' },
        ])
          await send({ ...call, headers: bearer(token) })
  }
  const lines = [...http.log, ...broken.log, ...said].map((line) => JSON.stringify(line))
  t.ok(lines.some((line) => line.includes('a bug')) && said.length > 0, 'errors were logged')
  t.ok(lines.length > 200)
  for (const line of lines) {
    t.notMatch(line, /authorization|bearer|eyJ/i)
    for (const part of secrets.flatMap((token) => token.split('.')).filter((each) => each.length > 10))
      if (line.includes(part)) t.fail(`a part of a token is in ${line}`)
  }
})

t.test('a route that does not say who may use it keeps the server from being built', async (t) => {
  for (const [addRoute, message] of [
    [(app: FastifyInstance) => app.get('/forgotten', () => ''), 'GET /forgotten does not say who may use it'],
    [
      (app: FastifyInstance) => app.get('/reports', { config: { access: 'owner' } }, () => ''),
      'GET /reports has no :userID that could be its owner',
    ],
  ] as const) {
    const building = onCreation(
      (app) => void app.register(async (scope) => void addRoute(scope)),
      () => startHTTP(t),
    )
    await t.rejects(building, { message: new RegExp(message) })
  }
})

t.test('the routes of a plugin are guarded as the scope that it is registered in says', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  async function plugins(app: FastifyInstance): Promise<void> {
    for (const access of ['open', 'admin'] as const)
      await app.register(async (scope) => {
        scope.decorate('access', access)
        await scope.register(async (plugin) => void plugin.get(`/${access}`, async () => ''))
      })
  }
  const { send } = await onCreation(
    (app) => void app.register(plugins),
    () => startHTTP(t, { authenticate }),
  )
  t.equal((await send({ method: 'GET', path: '/open' })).status, 200)
  isProblem(t, await send({ method: 'GET', path: '/admin' }), 'UNAUTHENTICATED')
  isProblem(t, await send({ method: 'GET', path: '/admin', headers: bearer(await issuer.token('ann')) }), 'FORBIDDEN')
  t.equal((await send({ method: 'GET', path: '/admin', headers: bearer(await issuer.admin()) })).status, 200)
})
