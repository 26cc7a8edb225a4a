import type { Test } from 'tap'
import type { Answer } from './http.ts'

/** Every error of the contract: its status and its title. */
export const CONTRACT_ERRORS = {
  ROUTE_NOT_FOUND: [404, 'Route not found'],
  METHOD_NOT_ALLOWED: [405, 'Method not allowed'],
  TOO_MANY_REQUESTS: [429, 'Too many requests'],
  UNAUTHENTICATED: [401, 'Unauthenticated'],
  AUTHENTICATION_UNAVAILABLE: [503, 'Authentication unavailable'],
  FORBIDDEN: [403, 'Forbidden'],
  BODY_TOO_LARGE: [413, 'Body too large'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'Unsupported media type'],
  INVALID_REQUEST: [400, 'Invalid request'],
  OVERLOADED: [503, 'Overloaded'],
  SELF_TRANSFER: [422, 'Transfer to oneself'],
  TRANSACTION_ID_UNKNOWN: [422, 'Unknown transaction ID'],
  TRANSACTION_ID_REUSED: [422, 'Transaction ID reused'],
  TRANSACTION_ID_EXPIRED: [422, 'Transaction ID expired'],
  WALLET_NOT_FOUND: [404, 'Wallet not found'],
  PASSIVE_WALLET_NOT_FOUND: [422, 'Passive wallet not found'],
  INSUFFICIENT_BALANCE: [422, 'Insufficient balance'],
  BALANCE_LIMIT_EXCEEDED: [422, 'Balance limit exceeded'],
  DATABASE_UNAVAILABLE: [503, 'Database unavailable'],
  OUTCOME_UNKNOWN: [503, 'Outcome unknown'],
  INTERNAL: [500, 'Internal error'],
} as const
export type ContractCode = keyof typeof CONTRACT_ERRORS

/** Checks everything that the contract says of an error's answer; `paths` are those of its `errors`. */
export function isProblem(t: Test, answer: Answer, code: ContractCode, paths?: readonly string[], of = ''): void {
  const [status, title] = CONTRACT_ERRORS[code]
  const what = `${code} ${of}`.trim()
  const { body, headers } = answer
  t.equal(answer.status, status, `${what}: status (${answer.text.slice(0, 300)})`)
  t.equal(headers['content-type'], 'application/problem+json', `${what}: content type`)
  t.match(
    body,
    { type: `urn:wallet:problem:${code.toLowerCase().replaceAll('_', '-')}`, title, status, code },
    `${what}: members`,
  )
  t.ok(typeof body.detail === 'string' && body.detail !== '', `${what}: has a detail`)
  if (headers['idempotent-replayed'] === undefined)
    t.equal(body.instance, headers['x-request-id'], `${what}: instance is the request's ID`)
  t.equal(headers['retry-after'] !== undefined, [429, 503].includes(status), `${what}: Retry-After with 429 and 503`)
  t.equal(
    headers['www-authenticate'] !== undefined,
    [401, 403].includes(status),
    `${what}: a challenge with 401 and 403`,
  )
  if (code !== 'INVALID_REQUEST') t.notOk('errors' in body, `${what}: errors only with INVALID_REQUEST`)
  if (paths !== undefined) t.same(errorPaths(answer), paths, `${what}: paths`)
}

export function errorPaths({ body: { errors } }: Answer): string[] {
  return Array.isArray(errors) ? errors.map(({ path }: { path: string }) => path).sort() : []
}
