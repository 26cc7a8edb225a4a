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
  TRANSACTION_ID_RETIRED: [422, 'Transaction ID retired'],
  TRANSACTION_ID_EXPIRED: [422, 'Transaction ID expired'],
  WALLET_NOT_FOUND: [404, 'Wallet not found'],
  WALLET_CLOSED: [422, 'Wallet closed'],
  WALLET_FROZEN: [422, 'Wallet frozen'],
  PASSIVE_WALLET_CLOSED: [422, 'Passive wallet closed'],
  VERSION_MISMATCH: [412, 'Version mismatch'],
  PASSIVE_WALLET_NOT_FOUND: [422, 'Passive wallet not found'],
  INSUFFICIENT_BALANCE: [422, 'Insufficient balance'],
  BALANCE_LIMIT_EXCEEDED: [422, 'Balance limit exceeded'],
  NOT_EXECUTED: [409, 'Not executed'],
  WALLET_NOT_EMPTY: [409, 'Wallet not empty'],
  FEED_UNAVAILABLE: [501, 'Feed unavailable'],
  CURSOR_GONE: [410, 'Cursor gone'],
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
  const { type, detail, instance, errors } = body
  // A replayed answer names the request that was first.
  const names = headers['idempotent-replayed'] === undefined ? headers['x-request-id'] : instance
  t.strictSame(
    {
      ...{ status: answer.status, contentType: headers['content-type'] },
      members: { type, title: body.title, status: body.status, code: body.code },
      hasDetail: typeof detail === 'string' && detail !== '',
      instance,
      retryAfter: headers['retry-after'] !== undefined,
      challenge: headers['www-authenticate'] !== undefined,
      errors: errors === undefined ? 'none' : 'some',
      ...(paths && { paths: errorPaths(answer) }),
    },
    {
      ...{ status, contentType: 'application/problem+json' },
      members: { type: `urn:wallet:problem:${code.toLowerCase().replaceAll('_', '-')}`, title, status, code },
      hasDetail: true,
      instance: names,
      retryAfter: [429, 503].includes(status),
      challenge: [401, 403].includes(status),
      errors: code === 'INVALID_REQUEST' && errors !== undefined ? 'some' : 'none',
      ...(paths && { paths }),
    },
    `${what}: ${answer.text.slice(0, 300)}`,
  )
}

export function errorPaths({ body: { errors } }: Answer): string[] {
  return Array.isArray(errors) ? errors.map(({ path }: { path: string }) => path).sort() : []
}
