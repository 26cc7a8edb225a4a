import { WalletProblem, WalletUnsettled } from './errors.ts'
import { backoffMs, bearer, type ExchangeSettings, isLater, NoToken, pause } from './exchange.ts'
import { toProblem } from './problems.ts'
import { isBadPort } from './sendable.ts'
import { readAnswer } from './transport.ts'

/** Where a stream of events begins, and who ends it. */
export interface WatchOptions {
  /** The id of the last transaction that is known: what came behind it comes first. Left out: what comes from now on. */
  readonly after?: number
  /** Ends it, quietly. */
  readonly signal?: AbortSignal
}

interface StreamEvent {
  readonly id: string | undefined
  readonly data: string | undefined
}

/** The service sends something every 15 s: after so long nothing more will come on a connection. */
const SILENCE_MS = 45_000

/**
 * The events of a wallet, each once and without a gap: connects again, and goes on behind the last one, however often a
 * connection is lost or the service is restarted.
 *
 * @param read makes a result of the data of an event.
 * @throws {WalletProblem} when the answer is no; {WalletUnsettled} if nothing can be sent.
 */
export async function* watch<Result>(
  settings: Pick<ExchangeSettings, 'url' | 'fetch' | 'token'>,
  path: string,
  { after, signal }: WatchOptions,
  read: (data: unknown) => Result,
): AsyncGenerator<Result, void, undefined> {
  let last = after === undefined ? undefined : String(after)
  for (let failures = 0; signal?.aborted !== true; failures += 1) {
    const ending = new AbortController()
    const end = () => ending.abort()
    signal?.addEventListener('abort', end)
    let retryAfterMs = 0
    try {
      const answer = await connect(settings, path, last, ending.signal)
      if ('retryAfterMs' in answer) retryAfterMs = answer.retryAfterMs
      else
        for await (const { id, data } of eventsIn(answer.stream, end)) {
          failures = 0
          if (data !== undefined) yield read(JSON.parse(data))
          // Behind what the caller has taken.
          last = id ?? last
        }
    } catch (error) {
      if (error instanceof WalletProblem) throw error
      if (error instanceof NoToken || isBadPort(error))
        throw new WalletUnsettled('unsendable', 'not-executed', { transactionID: undefined, cause: error })
    } finally {
      signal?.removeEventListener('abort', end)
      end()
    }
    await pause(retryAfterMs + backoffMs(failures), signal)
  }
}

async function connect(
  { url, fetch, token }: Pick<ExchangeSettings, 'url' | 'fetch' | 'token'>,
  path: string,
  last: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly stream: ReadableStream<Uint8Array> } | { readonly retryAfterMs: number }> {
  const headers = {
    ...(await bearer(token)),
    accept: 'text/event-stream',
    ...(last !== undefined && { 'last-event-id': last }),
  }
  const response = await fetch(`${url}${path}`, { headers, redirect: 'manual', signal })
  if (response.ok && response.body !== null) return { stream: response.body }
  const answer = await readAnswer(response)
  if (isLater(answer)) return answer
  throw toProblem(answer, { transactionID: undefined, isWrite: false, maybeExecuted: false })
}

async function* eventsIn(
  stream: ReadableStream<Uint8Array>,
  cutOff: () => void,
): AsyncGenerator<StreamEvent, void, undefined> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const silence = setTimeout(cutOff, SILENCE_MS)
    const { done, value } = await reader.read().finally(() => clearTimeout(silence))
    if (done) return
    text += decoder.decode(value, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) yield { id: fieldOf(event, 'id'), data: fieldOf(event, 'data') }
  }
}

/** The service's events have each field once, on a line. */
function fieldOf(event: string, name: string): string | undefined {
  return event
    .split('\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2)
}
