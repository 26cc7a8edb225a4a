import { isProblem } from './answers.ts'
import { WalletProblem, WalletUnsettled } from './errors.ts'
import { gathering } from './gathering.ts'
import { toProblem } from './problems.ts'
import { ACCESS_TOKEN, isBadPort, isToken } from './sendable.ts'
import { type Answer, createTransport, isOK, NotSent, type Transport, unlessAborted } from './transport.ts'

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
  /** Whether what is asked in one turn goes together. */
  readonly gather?: boolean
}

/** What is known of an answer beside its body. */
export interface AnswerFacts {
  readonly requestID: string | undefined
  /** Whether an attempt before may have been executed. */
  readonly maybeExecuted: boolean
}

export interface Request<Result> {
  readonly method: 'GET' | 'PUT' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
  readonly transactionID?: string
  /** Makes the result of an answer's body; throws if it is not what it should be, or settles nothing: then it is sent again. */
  readonly read: (body: unknown, facts: AnswerFacts) => Result
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

/** What a function gave is no token. */
export class NoToken extends TypeError {}

const FIRST_BACKOFF_MS = 50
const MAX_BACKOFF_MS = 2000
/** An attempt that is cut off may have been executed: none is begun again so near the deadline. */
const LEAST_ATTEMPT_MS = 100

/** What a service, or a proxy before it, says when the same request may be answered later. */
const LATER = [429, 502, 503, 504]
/** The codes, and the status, with which a write was surely not executed. */
const NOT_DONE = ['OVERLOADED', 'DATABASE_UNAVAILABLE', 'AUTHENTICATION_UNAVAILABLE']
const TOO_MANY_REQUESTS = 429

/**
 * Sends a request, and the very same one again on 503, on a lost connection and on no answer, until another answer
 * comes: every request of the service may be repeated, writes because of their transaction ID.
 *
 * @throws {WalletProblem} when the answer is no.
 * @throws {WalletUnsettled} when there is none in time, or at once if it can't be sent.
 */
export function createExchange(settings: ExchangeSettings) {
  const single = createTransport(settings.url, settings.fetch)
  const send = settings.gather === true ? gathering(single) : single
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
      const attempt: Attempt<Result> = await attemptOnce(
        { token: settings.token, send },
        request,
        signal,
        limitMs,
        maybeExecuted,
      )
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
  { token, send }: { readonly token: ExchangeSettings['token']; readonly send: Transport },
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
    const authorization = await unlessAborted(bearer(token), ending.signal)
    maybeSent = true
    const answer = await send({
      method,
      path,
      headers: {
        ...authorization,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: ending.signal,
    })
    const { requestID } = answer
    if (isOK(answer)) return { kind: 'done', result: request.read(answer.body, { requestID, maybeExecuted }) }
    if (isLater(answer)) return later(answer, request)
    throw toProblem(answer, { transactionID: request.transactionID, isWrite: isWrite(request), maybeExecuted })
  } catch (error) {
    if (error instanceof WalletProblem) throw error
    const cause = error instanceof NotSent ? error.cause : error
    if (cause instanceof NoToken || isBadPort(cause)) return { kind: 'never', cause }
    maybeSent &&= !(error instanceof NotSent)
    return { kind: 'again', maybeExecuted: maybeSent && isWrite(request), retryAfterMs: 0, cause }
  } finally {
    clearTimeout(limit)
    signal?.removeEventListener('abort', end)
  }
}

/** Whether the same request may be answered with something else later. */
export function isLater({ status }: Answer): boolean {
  return LATER.includes(status)
}

/** To read twice or to be given two IDs changes nothing. */
function isWrite({ method }: Pick<Request<unknown>, 'method'>): boolean {
  return method === 'PUT'
}

export async function bearer(token: ExchangeSettings['token']): Promise<Record<string, string>> {
  const text = typeof token === 'function' ? await token() : token
  if (text === undefined) return {}
  if (!isToken(text)) throw new NoToken(`the token is not ${ACCESS_TOKEN}`)
  return { authorization: `Bearer ${text}` }
}

function later({ status, body, retryAfterMs }: Answer, request: Request<unknown>): Again {
  const code = isProblem(body) ? body.code : undefined
  const notDone = status === TOO_MANY_REQUESTS || (code !== undefined && NOT_DONE.includes(code))
  return {
    kind: 'again',
    maybeExecuted: isWrite(request) && !notDone,
    retryAfterMs,
    cause: new Error(`the answer was ${status} ${code ?? ''}`.trim()),
  }
}

/** Doubles from one attempt to the next; drawn at random, so that clients that failed together do not come back together. */
export function backoffMs(attempts: number): number {
  return Math.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempts)
}

/** Ends early when the signal says so. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
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
