import t from 'tap'
import { PROBLEMS, type ProblemCode, problemBody } from '../../src/adapters/fastify/wire/problem.ts'

/** The contract's error table. */
const STATUSES: Readonly<Record<ProblemCode, number>> = {
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  TOO_MANY_REQUESTS: 429,
  UNAUTHENTICATED: 401,
  AUTHENTICATION_UNAVAILABLE: 503,
  FORBIDDEN: 403,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  INVALID_REQUEST: 400,
  OVERLOADED: 503,
  SELF_TRANSFER: 422,
  TRANSACTION_ID_UNKNOWN: 422,
  TRANSACTION_ID_REUSED: 422,
  TRANSACTION_ID_RETIRED: 422,
  TRANSACTION_ID_EXPIRED: 422,
  WALLET_NOT_FOUND: 404,
  WALLET_CLOSED: 422,
  WALLET_FROZEN: 422,
  PASSIVE_WALLET_CLOSED: 422,
  VERSION_MISMATCH: 412,
  PASSIVE_WALLET_NOT_FOUND: 422,
  INSUFFICIENT_BALANCE: 422,
  BALANCE_LIMIT_EXCEEDED: 422,
  NOT_EXECUTED: 409,
  WALLET_NOT_EMPTY: 409,
  CURSOR_GONE: 410,
  DATABASE_UNAVAILABLE: 503,
  OUTCOME_UNKNOWN: 503,
  FEED_UNAVAILABLE: 501,
  INTERNAL: 500,
}

const codes = Object.keys(STATUSES) as ProblemCode[]

t.test('there are the contract’s codes and no others, each with its status', async (t) => {
  t.strictSame(Object.fromEntries(Object.entries(PROBLEMS).map(([code, { status }]) => [code, status])), STATUSES)
})

t.test('every problem has a title of its own and a detail in words', async (t) => {
  t.equal(new Set(Object.values(PROBLEMS).map(({ title }) => title)).size, codes.length)
  for (const [code, { title, detail }] of Object.entries(PROBLEMS)) {
    t.match(title, /^[A-Z][a-zA-Z ]+$/, code)
    t.match(detail, /^.{10,}\.$/, code)
  }
})

t.test('a problem is what the contract shows', async (t) => {
  t.strictSame(JSON.parse(problemBody('INSUFFICIENT_BALANCE', 'request-7')), {
    type: 'urn:wallet:problem:insufficient-balance',
    title: 'Insufficient balance',
    status: 422,
    code: 'INSUFFICIENT_BALANCE',
    detail: PROBLEMS.INSUFFICIENT_BALANCE.detail,
    instance: 'request-7',
  })
})

t.test('the type is the code in lower case with hyphens', async (t) => {
  for (const code of codes) {
    const { type } = JSON.parse(problemBody(code, ''))
    t.match(type, /^urn:wallet:problem:[a-z]+(-[a-z]+)*$/)
    t.equal(type.replace('urn:wallet:problem:', '').replaceAll('-', '_').toUpperCase(), code)
  }
})

t.test('what is wrong with the fields is told when it is known, and a detail may be more precise', async (t) => {
  const errors = [{ path: '/amount', message: 'must be >= 1' }]
  t.match(JSON.parse(problemBody('INVALID_REQUEST', 'r', { errors })), { errors })
  const { errors: none, detail } = JSON.parse(problemBody('INVALID_REQUEST', 'r', { detail: 'the body is null' }))
  t.equal(none, undefined)
  t.equal(detail, 'the body is null')
})

t.test('a problem is the same bytes each time', async (t) => {
  t.equal(problemBody('BALANCE_LIMIT_EXCEEDED', 'r'), problemBody('BALANCE_LIMIT_EXCEEDED', 'r'))
})
