import { type ClientRequest, Agent as HTTPAgent, type IncomingMessage, request as requestHTTP } from 'node:http'
import { Agent as HTTPSAgent, request as requestHTTPS } from 'node:https'
import type { FeedPage } from '../../domain/feed.ts'
import type { WebhookReceiver } from '../../ports/webhook.ts'
import { createSigner, toMessage } from './message.ts'

export interface ReceiverOptions {
  /** Every request goes there and nowhere else; path and query may be secret. */
  readonly url: URL
  /** At least one. */
  readonly secrets: readonly string[]
  /** Writes a page as JSON. */
  readonly format: (page: FeedPage) => string
  /** How long an answer may take. */
  readonly timeoutMs: number
}

/** What is read of an answer's body, so that the connection can be used again; of a longer one, or a slower, it is closed. */
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_ANSWER_MS = 1000
const MAX_REASON_CHARACTERS = 200

type Answer =
  | { readonly kind: 'answer'; readonly status: number }
  /** `stale`: the connection had been used before, and was closed meanwhile. */
  | { readonly kind: 'none'; readonly reason: string; readonly stale: boolean }

/** Posts pages to one address, over a connection that is kept. Only 2xx is taken for a yes; no redirect is followed. */
export function createWebhookReceiver(options: ReceiverOptions): WebhookReceiver & { close(): void } {
  const { url, secrets, format, timeoutMs } = options
  const sign = createSigner(secrets)
  const secure = url.protocol === 'https:'
  const agent = new (secure ? HTTPSAgent : HTTPAgent)({ keepAlive: true, maxFreeSockets: 1 })
  const request = secure ? requestHTTPS : requestHTTP

  function send(headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve) => {
      const sent: ClientRequest = request(url, { method: 'POST', agent, headers, signal })
      let answered = false
      /** Once there is a status, it counts, however the rest ends. */
      const fail = (reason: string) => {
        if (!answered) resolve({ kind: 'none', reason, stale: sent.reusedSocket })
      }
      sent.on('response', (response) => {
        answered = true
        finish(response, () => resolve({ kind: 'answer', status: response.statusCode ?? 0 }))
      })
      sent.on('error', (error) => fail(reasonOf(error)))
      sent.on('close', () => fail('the connection was closed before an answer'))
      sent.end(body)
    })
  }

  return {
    origin: url.origin,
    async post(page, signal) {
      const message = toMessage(page, format)
      const headers = {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(message.body)),
        'user-agent': 'wallet-service',
        ...sign(message, Date.now()),
      }
      // Not AbortSignal.any: in Node.js 20 a signal that lives long never forgets those that were made of it.
      const ending = new AbortController()
      let late = false
      const limit = setTimeout(() => {
        late = true
        ending.abort()
      }, timeoutMs)
      const cutOff = () => ending.abort()
      signal.addEventListener('abort', cutOff)
      if (signal.aborted) cutOff()
      try {
        let answer = await send(headers, message.body, ending.signal)
        // Its end and our message passed each other: that says nothing of the receiver.
        if (answer.kind === 'none' && answer.stale && !ending.signal.aborted)
          answer = await send(headers, message.body, ending.signal)
        if (answer.kind === 'answer') return complaintOf(answer.status)
        return late ? `no answer within ${timeoutMs / 1000} s` : answer.reason
      } finally {
        clearTimeout(limit)
        signal.removeEventListener('abort', cutOff)
      }
    },
    close: () => agent.destroy(),
  }
}

/** Waits for the end of the body, or for as much of it as one bears. */
function finish(response: IncomingMessage, over: () => void): void {
  let bytes = 0
  const limit = setTimeout(() => response.destroy(), MAX_ANSWER_MS)
  response.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes > MAX_ANSWER_BYTES) response.destroy()
  })
  // Cut off, by us or by them: the status came.
  response.on('error', () => {})
  response.on('close', () => {
    clearTimeout(limit)
    over()
  })
}

function complaintOf(status: number): string | undefined {
  if (status >= 200 && status < 300) return undefined
  return status >= 300 && status < 400 ? `answered ${status}, and redirects are not followed` : `answered ${status}`
}

/** None of these texts has more of the address in it than its host. */
function reasonOf(error: Error): string {
  // Of several addresses that failed the error has no text of its own.
  const text = error.message === '' && 'code' in error ? String(error.code) : error.message
  return text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, MAX_REASON_CHARACTERS)
}
