import type { FastifyReply } from 'fastify'
import type { Refusal, RefusalCode } from '../../../domain/outcome.ts'
import type { Failed, Rejected } from '../../../ports/wallet-service.ts'

type HTTPCode =
  | 'ROUTE_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'INVALID_REQUEST'
  | 'INTERNAL'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'TOO_MANY_REQUESTS'
  | 'AUTHENTICATION_UNAVAILABLE'
  | 'CURSOR_GONE'
  | 'FEED_UNAVAILABLE'
export type ProblemCode = HTTPCode | Rejected['code'] | Failed['code'] | RefusalCode

/** One thing that is wrong with a request. */
export interface FieldError {
  /** JSON pointer to the field. */
  readonly path: string
  readonly message: string
}

interface ProblemKind {
  readonly status: number
  readonly title: string
  readonly detail: string
}

/** Every error that the service answers with. */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = {
  ROUTE_NOT_FOUND: {
    status: 404,
    title: 'Route not found',
    detail: 'There is nothing at this path. GET /openapi.json lists all routes.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method not allowed',
    detail: 'Method not supported on this path; see the Allow header.',
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    title: 'Too many requests',
    detail: 'Nothing was done. Retry after the number of seconds given in Retry-After.',
  },
  UNAUTHENTICATED: {
    status: 401,
    title: 'Unauthenticated',
    detail: 'Send an access token: Authorization: Bearer <token>.',
  },
  AUTHENTICATION_UNAVAILABLE: {
    status: 503,
    title: 'Authentication unavailable',
    detail: 'Tokens cannot be checked at the moment. Nothing was done: retry later.',
  },
  FORBIDDEN: { status: 403, title: 'Forbidden', detail: 'This requires a token with the scope wallet:admin.' },
  BODY_TOO_LARGE: { status: 413, title: 'Body too large', detail: 'The body must not exceed 16 KiB.' },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: 'Unsupported media type',
    detail: 'Send the body as application/json.',
  },
  INVALID_REQUEST: {
    status: 400,
    title: 'Invalid request',
    detail: 'The request is malformed; correct it before retrying.',
  },
  OVERLOADED: {
    status: 503,
    title: 'Overloaded',
    detail: 'Too many requests are waiting. Nothing was done: retry later.',
  },
  SELF_TRANSFER: {
    status: 422,
    title: 'Transfer to oneself',
    detail: 'passiveUserID must differ from the user in the path.',
  },
  TRANSACTION_ID_UNKNOWN: {
    status: 422,
    title: 'Unknown transaction ID',
    detail:
      'No such ID was issued to this user, by this service and with the keys that it has. If it was signed with a key that was taken away, it may have been executed.',
  },
  TRANSACTION_ID_REUSED: {
    status: 422,
    title: 'Transaction ID reused',
    detail:
      'This ID was used for a request with other contents. See what became of it before you ask for a new one: it may be the very payment that you are about to repeat.',
  },
  TRANSACTION_ID_RETIRED: {
    status: 422,
    title: 'Transaction ID retired',
    detail:
      'The ledger was restored since this transaction ID was issued. Nothing of it is left, and nothing ever will be executed with it, but it may have been before. Look into your own records before you ask for a new one.',
  },
  TRANSACTION_ID_EXPIRED: {
    status: 422,
    title: 'Transaction ID expired',
    detail:
      'This transaction ID was not used in time. Nothing was or ever will be executed with it. Ask for a new one.',
  },
  WALLET_NOT_FOUND: { status: 404, title: 'Wallet not found', detail: 'This user has no wallet.' },
  WALLET_CLOSED: { status: 422, title: 'Wallet closed', detail: 'The wallet was closed.' },
  WALLET_FROZEN: { status: 422, title: 'Wallet frozen', detail: 'The wallet was frozen: nothing could leave it.' },
  PASSIVE_WALLET_CLOSED: { status: 422, title: 'Passive wallet closed', detail: "The recipient's wallet was closed." },
  VERSION_MISMATCH: {
    status: 412,
    title: 'Version mismatch',
    detail: 'The wallet had another version than the request was made for. Read it again, and ask for a new ID.',
  },
  PASSIVE_WALLET_NOT_FOUND: { status: 422, title: 'Passive wallet not found', detail: 'The recipient had no wallet.' },
  INSUFFICIENT_BALANCE: { status: 422, title: 'Insufficient balance', detail: 'The balance was less than the amount.' },
  BALANCE_LIMIT_EXCEEDED: {
    status: 422,
    title: 'Balance limit exceeded',
    detail: 'The balance would have exceeded 9007199254740991 base units.',
  },
  NOT_EXECUTED: {
    status: 409,
    title: 'Not executed',
    detail: 'Another item of this atomic list could not be executed, so this one was not. Its ID is still unused.',
  },
  WALLET_NOT_EMPTY: {
    status: 409,
    title: 'Wallet not empty',
    detail: 'Only a wallet with a balance of 0 can be closed.',
  },
  FEED_UNAVAILABLE: {
    status: 501,
    title: 'Feed unavailable',
    detail:
      'The tables lie on the workers of a Citus, whose transactions have no common order. Read the histories of wallets.',
  },
  CURSOR_GONE: {
    status: 410,
    title: 'Cursor gone',
    detail:
      'The ledger is another, or was restored since this cursor was given: it may lack what was read. Begin again.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    title: 'Database unavailable',
    detail: 'Nothing was done: retry later.',
  },
  OUTCOME_UNKNOWN: {
    status: 503,
    title: 'Outcome unknown',
    detail: 'The request may or may not have been executed: send it again with the same transaction ID to find out.',
  },
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    detail: 'An error in the service. It was logged under this request ID.',
  },
}

/** In the order of the table, which is the one in which they are looked for. */
export const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[]

export const PROBLEM_MEDIA_TYPE = 'application/problem+json'
export const RETRY_AFTER_S = 1

export interface Particulars {
  readonly errors?: readonly FieldError[]
  readonly detail?: string
}

/** A problem (RFC 9457). */
export function problemOf(code: ProblemCode, instance: string, { errors, detail }: Particulars = {}) {
  const kind = PROBLEMS[code]
  return {
    type: `urn:wallet:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: kind.title,
    status: kind.status,
    code,
    detail: detail ?? kind.detail,
    instance,
    ...(errors && { errors: [...errors] }),
  }
}

/** The body of a problem, as text. */
export function problemBody(code: ProblemCode, instance: string, particulars?: Particulars): string {
  return JSON.stringify(problemOf(code, instance, particulars))
}

/** What is said if a body is larger than a route takes. */
export function bodyTooLarge(limitBytes: number): Particulars {
  return { detail: `The body must not exceed ${limitBytes / 1024} KiB.` }
}

/** Answers with a problem of this request. */
export function sendProblem(reply: FastifyReply, code: ProblemCode, particulars?: Particulars): FastifyReply {
  return send(reply, code, problemBody(code, reply.request.id, particulars))
}

/** Answers with a refusal: the same bytes each time, so it names the request that was refused first. */
export function sendRefusal(reply: FastifyReply, { code, requestID }: Refusal): FastifyReply {
  return send(reply, code, problemBody(code, requestID))
}

function send(reply: FastifyReply, code: ProblemCode, body: string): FastifyReply {
  const { status } = PROBLEMS[code]
  reply.request.outcome = code
  reply.code(status).header('content-type', PROBLEM_MEDIA_TYPE)
  if (status === 503) reply.header('retry-after', RETRY_AFTER_S)
  // As bytes: to text Fastify would add a charset, which this media type does not have.
  return reply.send(Buffer.from(body))
}
