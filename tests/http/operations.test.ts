import t from 'tap'
import type { Readiness } from '../../src/ports/wallet-service.ts'
import { type Body, startHTTP } from '../support/http/http.ts'
import { CONTRACT_ERRORS, type ContractCode } from '../support/http/problem.ts'

const ROUTES: Readonly<Record<string, readonly string[]>> = {
  'put /api/v1/users/{userID}/wallet': ['200', '201'],
  'put /api/v1/users/{userID}/wallet/state': ['200'],
  'post /api/v1/users/{userID}/wallet/transactionIDs': ['201'],
  'put /api/v1/transactions': ['200'],
  'get /api/v1/transactions': ['200'],
  'get /api/v1/users/{userID}/wallet': ['200'],
  'post /api/v1/users/{userID}/wallet/transactionID': ['201'],
  'get /api/v1/users/{userID}/wallet/transactionID/{transactionID}': ['200'],
  'put /api/v1/users/{userID}/wallet/deposit': ['200'],
  'put /api/v1/users/{userID}/wallet/withdraw': ['200'],
  'put /api/v1/users/{userID}/wallet/transfer': ['200'],
  'get /api/v1/users/{userID}/wallet/transactions': ['200'],
  'get /api/v1/users/{userID}/wallet/events': ['200'],
  'get /api/v1/users/{userID}/wallet/statement': ['200'],
  'get /livez': ['200'],
  'get /readyz': ['200'],
}

function member(body: unknown, ...keys: string[]): Body {
  const found = keys.reduce<unknown>((value, key) => ({ ...(value as Body) })[key], body)
  return { ...(found as Body) }
}

const EVERYWHERE = ['INVALID_REQUEST', 'BODY_TOO_LARGE'] as const
const API = [
  ...EVERYWHERE,
  'UNAUTHENTICATED',
  'TOO_MANY_REQUESTS',
  'AUTHENTICATION_UNAVAILABLE',
  'WALLET_NOT_FOUND',
  'DATABASE_UNAVAILABLE',
  'INTERNAL',
] as const
const LIST = API.filter((code) => code !== 'WALLET_NOT_FOUND')
const MOVEMENT = [
  'OVERLOADED',
  'UNSUPPORTED_MEDIA_TYPE',
  'TRANSACTION_ID_UNKNOWN',
  'TRANSACTION_ID_REUSED',
  'TRANSACTION_ID_RETIRED',
  'TRANSACTION_ID_EXPIRED',
  'WALLET_CLOSED',
  'VERSION_MISMATCH',
  'OUTCOME_UNKNOWN',
] as const

const TRANSFER = [
  'SELF_TRANSFER',
  'WALLET_FROZEN',
  'PASSIVE_WALLET_CLOSED',
  'PASSIVE_WALLET_NOT_FOUND',
  'INSUFFICIENT_BALANCE',
  'BALANCE_LIMIT_EXCEEDED',
] as const

function codesOf(route: string): readonly ContractCode[] {
  if (!route.includes('/api/')) return EVERYWHERE
  if (route.endsWith('/transfer')) return [...API, ...MOVEMENT, ...TRANSFER]
  if (route.endsWith('/deposit')) return [...API, ...MOVEMENT, 'FORBIDDEN', 'BALANCE_LIMIT_EXCEEDED']
  if (route.endsWith('/withdraw')) return [...API, ...MOVEMENT, 'WALLET_FROZEN', 'INSUFFICIENT_BALANCE']
  if (route.endsWith('{transactionID}')) return [...API, 'OVERLOADED', 'TRANSACTION_ID_UNKNOWN']
  if (route === 'put /api/v1/transactions') return [...LIST, 'OVERLOADED', 'UNSUPPORTED_MEDIA_TYPE']
  if (route === 'get /api/v1/transactions')
    return [...LIST, 'OVERLOADED', 'FORBIDDEN', 'CURSOR_GONE', 'FEED_UNAVAILABLE']
  if (route.endsWith('/state'))
    return [...API, 'FORBIDDEN', 'UNSUPPORTED_MEDIA_TYPE', 'OVERLOADED', 'WALLET_NOT_EMPTY', 'OUTCOME_UNKNOWN']
  if (route.startsWith('get ')) return [...API, 'OVERLOADED']
  if (route.startsWith('put ')) return [...API, 'OVERLOADED', 'UNSUPPORTED_MEDIA_TYPE', 'OUTCOME_UNKNOWN']
  return [...API, 'UNSUPPORTED_MEDIA_TYPE']
}

t.test('livez says that the process lives, whatever the database does', async (t) => {
  const { send } = await startHTTP(t, {
    readiness: async () => {
      throw new Error('livez must not ask')
    },
  })
  t.match(await send({ method: 'GET', path: '/livez' }), { status: 200, text: '{"status":"alive"}' })
})

t.test('readyz says in each state whether requests can be served', async (t) => {
  let state: Awaited<ReturnType<Readiness>> = 'starting'
  const { send } = await startHTTP(t, { readiness: async () => state })
  for (const [next, status] of [
    ['starting', 503],
    ['ready', 200],
    ['database unavailable', 503],
    ['ready', 200],
    ['shutting down', 503],
  ] as const) {
    state = next
    const answer = await send({ method: 'GET', path: '/readyz' })
    t.match(answer, { status, text: JSON.stringify({ status: next }) })
    t.equal(answer.headers['retry-after'] !== undefined, status === 503, `${next}: Retry-After with 503`)
  }
})

t.test('openapi.json lists all routes, and those for operators, with every status that they answer with', async (t) => {
  const { send } = await startHTTP(t)
  const { status, body } = await send({ method: 'GET', path: '/openapi.json' })
  t.equal(status, 200)
  t.match(body, { openapi: '3.1.0', info: { version: '1.2.3' } })
  const paths = member(body, 'paths')
  const listed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(member(methods)).map((method) => `${method} ${path}`),
  )
  t.same(listed.sort(), Object.keys(ROUTES).sort())
  for (const [route, successes] of Object.entries(ROUTES)) {
    const [method = '', path = ''] = route.split(' ')
    const responses = member(paths, path, method, 'responses')
    t.same(
      Object.keys(responses).filter((code) => code.startsWith('2')),
      successes,
      route,
    )
    for (const code of codesOf(route)) {
      const response = member(responses, String(CONTRACT_ERRORS[code][0]))
      t.match(response.description, code, route)
      t.same(Object.keys(member(response, 'content')), ['application/problem+json'], `${route}: ${code}`)
    }
  }
})

t.test('openapi.json says what bodies and parameters the routes turn down', async (t) => {
  const { send } = await startHTTP(t)
  const { body } = await send({ method: 'GET', path: '/openapi.json' })
  const wallet = '/api/v1/users/{userID}/wallet'
  const schema = member(
    body,
    'paths',
    `${wallet}/deposit`,
    'put',
    'requestBody',
    'content',
    'application/json',
    'schema',
  )
  t.match(schema, {
    required: ['amount', 'transactionID'],
    additionalProperties: false,
    properties: { amount: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } },
  })
  const { parameters } = member(body, 'paths', `${wallet}/transactions`, 'get')
  t.ok(Array.isArray(parameters))
  const names = Array.isArray(parameters) ? parameters.map(({ name }: { name: string }) => name).sort() : []
  t.same(names, [
    ...['IDBefore', 'createdAfter', 'createdBefore', 'createdFrom', 'limit', 'reference', 'type', 'userID'],
    'wallet-version-min',
  ])
})
