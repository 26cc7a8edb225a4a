import { whyNotSent } from './sendable.ts'

/** A request as it goes out, once. */
export interface Outgoing {
  readonly method: 'GET' | 'PUT' | 'POST'
  /** Behind the service's URL. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

/** What came back, whole. */
export interface Answer {
  readonly status: number
  /** `undefined` if it is no JSON. */
  readonly body: unknown
  readonly requestID: string | undefined
  readonly retryAfterMs: number
  readonly redirect: boolean
}

/** Sends once. @throws {NotSent}, and anything else if the service may have it. */
export type Transport = (outgoing: Outgoing) => Promise<Answer>

/** No byte of the request left; the cause says why. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
}

const MULTIPLE_CHOICES = 300
const BAD_REQUEST = 400

export function createTransport(url: string, fetch: typeof globalThis.fetch): Transport {
  return async ({ path, ...request }) => {
    // A redirect would take money and token elsewhere, and hide from us that something was sent.
    const sending = fetch(`${url}${path}`, { ...request, redirect: 'manual' })
    const response = await sending.catch((cause: unknown) => {
      throw whyNotSent(cause) === undefined ? cause : new NotSent('it was not sent', { cause })
    })
    return readAnswer(response)
  }
}

export async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers, type } = response
  return {
    status,
    body: parse(await response.text()),
    requestID: headers.get('x-request-id') ?? undefined,
    retryAfterMs: parseRetryAfter(headers.get('retry-after')),
    // A browser hides the status of a redirect.
    redirect: type === 'opaqueredirect' || (status >= MULTIPLE_CHOICES && status < BAD_REQUEST),
  }
}

export function isOK({ status }: Answer): boolean {
  return status >= 200 && status < MULTIPLE_CHOICES
}

/** What is awaited, unless the signal comes before it. */
export function unlessAborted<Result>(awaited: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    awaited.then(resolve, reject)
  })
}

/** Seconds or a date (RFC 9110), in milliseconds from now. */
function parseRetryAfter(text: string | null): number {
  if (text === null) return 0
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
