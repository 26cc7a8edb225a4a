import { isProblem } from './answers.ts'
import { WalletProblem, WalletUnsettled } from './errors.ts'

/** How requests are sent, and for how long. */
export interface ExchangeSettings {
  /** Without a slash at its end. */
  readonly url: string
  readonly fetch: typeof fetch
  readonly token: string | (() => string | Promise<string>) | undefined
  /** After so long without a whole answer the same request is sent again. */
  readonly attemptTimeoutMs: number
}

export interface Request<Result> {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly path: string
  readonly body?: object
  readonly transactionID?: string
  /** Makes the result of an answer's body; throws where it is not what it should be. */
  readonly read: (body: unknown) => Result
}

/** Until when a call may go on; shared by all the requests that it takes. */
export interface Limits {
  /** As `performance.now()` tells it. */
  readonly deadline: number
  readonly signal: AbortSignal | undefined
}

/** An attempt that settles nothing: to be sent again. */
interface Again {
  readonly kind: 'again'
  readonly maybeExecuted: boolean
  readonly retryAfterMs: number
  readonly cause: unknown
}

type Attempt<Result> = { readonly kind: 'done'; readonly result: Result } | Again

const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2000

/** What a service, or a proxy before it, says when the same request may be answered later. */
const LATER = [429, 502, 503, 504]
/** The codes, and the status, with which a write was surely not executed. */
const NOT_DONE = ['OVERLOADED', 'DATABASE_UNAVAILABLE', 'AUTHENTICATION_UNAVAILABLE']
/** After these no earlier attempt was executed either: it would have been answered with that. A token may expire in between. */
const FINAL = [400, 404, 422]
const TOO_MANY_REQUESTS = 429
const INTERNAL_SERVER_ERROR = 500

/**
 * Sends a request, and the very same one again on 503, on a lost connection and on no answer, until another answer
 * comes: every request of the service may be repeated, writes because of their transaction ID.
 *
 * @throws {WalletProblem} when the answer is no.
 * @throws {WalletUnsettled} when there is none in time.
 */
export function createExchange(settings: ExchangeSettings) {
  return async function exchange<Result>(request: Request<Result>, { deadline, signal }: Limits): Promise<Result> {
    let maybeExecuted = false
    let cause: unknown
    const unsettled = (reason: 'deadline' | 'aborted') =>
      new WalletUnsettled(reason, maybeExecuted ? 'unknown' : 'not-executed', {
        transactionID: request.transactionID,
        cause: reason === 'aborted' ? signal?.reason : cause,
      })
    for (let attempts = 0; ; attempts += 1) {
      if (signal?.aborted) throw unsettled('aborted')
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw unsettled('deadline')
      const limitMs = Math.min(settings.attemptTimeoutMs, leftMs)
      const attempt: Attempt<Result> = await attemptOnce(settings, request, signal, limitMs, maybeExecuted)
      if (attempt.kind === 'done') return attempt.result
      maybeExecuted ||= attempt.maybeExecuted
      cause = attempt.cause
      const pauseMs = attempt.retryAfterMs + backoffMs(attempts)
      if (!signal?.aborted && performance.now() + pauseMs >= deadline) throw unsettled('deadline')
      await pause(pauseMs, signal)
    }
  }
}

async function attemptOnce<Result>(
  settings: ExchangeSettings,
  request: Request<Result>,
  signal: AbortSignal | undefined,
  limitMs: number,
  /** Whether an attempt before may have been. */
  maybeExecuted: boolean,
): Promise<Attempt<Result>> {
  const { method, path, body, transactionID } = request
  let sent = false
  // Not AbortSignal.any with AbortSignal.timeout: what they hold on to outlives the attempt.
  const ending = new AbortController()
  const end = () => ending.abort(signal?.reason)
  const limit = setTimeout(() => ending.abort(new Error(`no whole answer within ${Math.round(limitMs)} ms`)), limitMs)
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  try {
    const { fetch, url, token } = settings
    const authorization = await bearer(token)
    sent = true
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: ending.signal,
    })
    const answer: unknown = parse(await response.text())
    if (response.ok) return { kind: 'done', result: request.read(answer) }
    if (LATER.includes(response.status)) return later(response, answer, method)
    throw problemOf(response, answer, transactionID, maybeExecuted)
  } catch (cause) {
    if (cause instanceof WalletProblem) throw cause
    return { kind: 'again', maybeExecuted: sent && method === 'PUT', retryAfterMs: 0, cause }
  } finally {
    clearTimeout(limit)
    signal?.removeEventListener('abort', end)
  }
}

async function bearer(token: ExchangeSettings['token']): Promise<Record<string, string>> {
  if (token === undefined) return {}
  return { authorization: `Bearer ${typeof token === 'string' ? token : await token()}` }
}

function later({ status, headers }: Response, answer: unknown, method: string): Again {
  const code = isProblem(answer) ? answer.code : undefined
  const notDone = status === TOO_MANY_REQUESTS || (code !== undefined && NOT_DONE.includes(code))
  return {
    kind: 'again',
    maybeExecuted: method === 'PUT' && !notDone,
    retryAfterMs: parseRetryAfter(headers.get('retry-after')),
    cause: new Error(`the answer was ${status} ${code ?? ''}`.trim()),
  }
}

function problemOf(
  { status, headers }: Response,
  answer: unknown,
  transactionID: string | undefined,
  maybeExecuted: boolean,
): WalletProblem {
  const known = isProblem(answer)
  const notExecuted = known && status < INTERNAL_SERVER_ERROR && (!maybeExecuted || FINAL.includes(status))
  return new WalletProblem({
    status,
    transactionID,
    code: known ? answer.code : 'UNEXPECTED_ANSWER',
    detail: known ? answer.detail : `an answer ${status} that is none of the service's`,
    errors: known ? (answer.errors ?? []) : [],
    requestID: headers.get('x-request-id') ?? undefined,
    outcome: notExecuted ? 'not-executed' : 'unknown',
  })
}

/** Seconds or a date (RFC 9110), in milliseconds from now. */
function parseRetryAfter(text: string | null): number {
  if (text === null) return 0
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

/** Doubles from one attempt to the next; drawn at random, so that clients that failed together do not come back together. */
function backoffMs(attempts: number): number {
  return Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempts)
}

/** Ends early when the signal says so. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
    if (signal?.aborted) done()
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
