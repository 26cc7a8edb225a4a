import { isProblem } from './answers.ts'
import { WalletProblem, WalletUnsettled } from './errors.ts'
import { ACCESS_TOKEN, isBadPort, isToken, whyNotSent } from './sendable.ts'

/** Asked before each attempt; `undefined` for none. */
export type TokenSource = () => string | undefined | Promise<string | undefined>

/** How requests are sent, and for how long. */
export interface ExchangeSettings {
  /** Without a slash at its end. */
  readonly url: string
  readonly fetch: typeof fetch
  readonly token: string | TokenSource | undefined
  /** After so long without a whole answer the same request is sent again. */
  readonly attemptTimeoutMs: number
}

export interface Request<Result> {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly path: string
  readonly body?: object
  readonly transactionID?: string
  /** Makes the result of an answer's body; throws if it is not what it should be. */
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

/** Nothing of it was sent, and nothing of another one would be. */
interface Never {
  readonly kind: 'never'
  readonly cause: unknown
}

type Attempt<Result> = { readonly kind: 'done'; readonly result: Result } | Again | Never

class NoToken extends TypeError {}

const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2000
/** An attempt that is cut off may have been executed: none is begun again so near the deadline. */
const LEAST_ATTEMPT_MS = 100

/** What a service, or a proxy before it, says when the same request may be answered later. */
const LATER = [429, 502, 503, 504]
/** The codes, and the status, with which a write was surely not executed. */
const NOT_DONE = ['OVERLOADED', 'DATABASE_UNAVAILABLE', 'AUTHENTICATION_UNAVAILABLE']
/** After these no earlier attempt was executed either: it would have been answered with that. A token may expire in between. */
const FINAL = [400, 404, 422]
const MULTIPLE_CHOICES = 300
const BAD_REQUEST = 400
const TOO_MANY_REQUESTS = 429
const INTERNAL_SERVER_ERROR = 500

/**
 * Sends a request, and the very same one again on 503, on a lost connection and on no answer, until another answer
 * comes: every request of the service may be repeated, writes because of their transaction ID.
 *
 * @throws {WalletProblem} when the answer is no.
 * @throws {WalletUnsettled} when there is none in time, or at once if it can't be sent.
 */
export function createExchange(settings: ExchangeSettings) {
  return async function exchange<Result>(request: Request<Result>, { deadline, signal }: Limits): Promise<Result> {
    let maybeExecuted = false
    let cause: unknown
    const unsettled = (reason: 'deadline' | 'unsendable') =>
      new WalletUnsettled(signal?.aborted ? 'aborted' : reason, maybeExecuted ? 'unknown' : 'not-executed', {
        transactionID: request.transactionID,
        cause: signal?.aborted ? signal.reason : cause,
      })
    for (let attempts = 0; ; attempts += 1) {
      const leftMs = deadline - performance.now()
      if (signal?.aborted || leftMs <= (attempts > 0 ? LEAST_ATTEMPT_MS : 0)) throw unsettled('deadline')
      const limitMs = Math.min(settings.attemptTimeoutMs, leftMs)
      const attempt: Attempt<Result> = await attemptOnce(settings, request, signal, limitMs, maybeExecuted)
      if (attempt.kind === 'done') return attempt.result
      cause = attempt.cause
      if (attempt.kind === 'never') throw unsettled('unsendable')
      maybeExecuted ||= attempt.maybeExecuted
      const pauseMs = attempt.retryAfterMs + backoffMs(attempts)
      if (performance.now() + pauseMs >= deadline - LEAST_ATTEMPT_MS) throw unsettled('deadline')
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
  const { method, path, body } = request
  let maybeSent = false
  // Not AbortSignal.any with AbortSignal.timeout: what they hold on to outlives the attempt.
  const ending = new AbortController()
  const end = () => ending.abort(signal?.reason)
  const tooLate = () => ending.abort(new Error(`no whole answer within ${Math.round(limitMs)} ms`))
  // A process that was held up finds its timers before its sockets: what has come by then is read first.
  let limit = setTimeout(() => {
    limit = setTimeout(tooLate)
  }, limitMs)
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  try {
    const { fetch, url, token } = settings
    const authorization = await unlessAborted(bearer(token), ending.signal)
    maybeSent = true
    const sending = fetch(`${url}${path}`, {
      method,
      headers: { ...authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // A redirect would take money and token elsewhere, and hide from us that something was sent.
      redirect: 'manual',
      signal: ending.signal,
    })
    const response = await sending.catch((error: unknown) => {
      maybeSent = whyNotSent(error) === undefined
      throw error
    })
    const answer: unknown = parse(await response.text())
    if (response.ok) return { kind: 'done', result: request.read(answer) }
    if (LATER.includes(response.status)) return later(response, answer, request)
    throw problemOf(response, answer, request, maybeExecuted)
  } catch (cause) {
    if (cause instanceof WalletProblem) throw cause
    if (cause instanceof NoToken || isBadPort(cause)) return { kind: 'never', cause }
    return { kind: 'again', maybeExecuted: maybeSent && isWrite(request), retryAfterMs: 0, cause }
  } finally {
    clearTimeout(limit)
    signal?.removeEventListener('abort', end)
  }
}

/** To read twice or to be given two IDs changes nothing. */
function isWrite({ method }: Pick<Request<unknown>, 'method'>): boolean {
  return method === 'PUT'
}

async function bearer(token: ExchangeSettings['token']): Promise<Record<string, string>> {
  const text = typeof token === 'function' ? await token() : token
  if (text === undefined) return {}
  if (!isToken(text)) throw new NoToken(`the token is not ${ACCESS_TOKEN}`)
  return { authorization: `Bearer ${text}` }
}

/** What is awaited, unless the signal comes before it. */
function unlessAborted<Result>(awaited: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    awaited.then(resolve, reject)
  })
}

function later({ status, headers }: Response, answer: unknown, request: Request<unknown>): Again {
  const code = isProblem(answer) ? answer.code : undefined
  const notDone = status === TOO_MANY_REQUESTS || (code !== undefined && NOT_DONE.includes(code))
  return {
    kind: 'again',
    maybeExecuted: isWrite(request) && !notDone,
    retryAfterMs: parseRetryAfter(headers.get('retry-after')),
    cause: new Error(`the answer was ${status} ${code ?? ''}`.trim()),
  }
}

function problemOf(
  { status, headers, type }: Response,
  answer: unknown,
  request: Request<unknown>,
  maybeExecuted: boolean,
): WalletProblem {
  const known = isProblem(answer)
  const refused = known && status < INTERNAL_SERVER_ERROR && (!maybeExecuted || FINAL.includes(status))
  // A browser hides the status of a redirect.
  const redirect = type === 'opaqueredirect' || (status >= MULTIPLE_CHOICES && status < BAD_REQUEST)
  const foreign = redirect
    ? 'a redirect, which the client does not follow: give it the URL that it leads to'
    : `an answer ${status} that is none of the service's`
  return new WalletProblem({
    status,
    transactionID: request.transactionID,
    code: known ? answer.code : 'UNEXPECTED_ANSWER',
    detail: known ? answer.detail : foreign,
    errors: known ? (answer.errors ?? []) : [],
    requestID: headers.get('x-request-id') ?? undefined,
    outcome: refused || !isWrite(request) ? 'not-executed' : 'unknown',
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
