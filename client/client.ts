import {
  type HistoryPage,
  type IssuedTransactionID,
  readIssued,
  readPage,
  readStatus,
  readTransaction,
  readWallet,
  type Transaction,
  type TransactionIDStatus,
  type Wallet,
} from './answers.ts'
import type { Path, Transaction as WireTransaction } from './api-types.ts'
import { createExchange, type Limits, type TokenSource } from './exchange.ts'
import { ACCESS_TOKEN, isServiceURL, isToken, SERVICE_URL } from './sendable.ts'

export { TransactionType } from './answers.ts'
export { type Outcome, type ProblemCode, WalletProblem, WalletUnsettled } from './errors.ts'
export type { HistoryPage, IssuedTransactionID, Transaction, TransactionIDStatus, Wallet }

export interface ClientOptions {
  /** Where the service is, as its first line of output says it, with or without `/api/v1`; empty in a page that it serves. */
  readonly url: string
  /** The global one by default. One that repeats by itself would hide what it sent before. */
  readonly fetch?: typeof fetch
  /** For `Authorization: Bearer`; a function is asked before each attempt, `undefined` is none. */
  readonly token?: string | TokenSource
  /** How long one attempt may take; the service itself answers within 6 s. */
  readonly attemptTimeoutMs?: number
  /** How long a call may take with all its attempts. */
  readonly deadlineMs?: number
}

export interface CallOptions {
  /** Ends the call; it throws a `WalletUnsettled`. */
  readonly signal?: AbortSignal
  /** In place of the client's. */
  readonly deadlineMs?: number
}

export interface MovementOptions extends CallOptions {
  /** One that was issued earlier to the user who acts: for a write that is sent again. A new one is asked for without. */
  readonly transactionID?: string
  /** Told the ID before the write is sent; to keep it there makes the write safe from a crash of the caller, too. */
  readonly onTransactionID?: (transactionID: string) => void | Promise<void>
}

/** Base units: 1000000 = 1 dollar. From 1 to 2^53 − 1. */
export type Amount = bigint | number

/** What narrows a history; times are RFC 3339, up to nanoseconds. */
export interface HistoryFilters {
  readonly type?: WireTransaction['type'] | readonly WireTransaction['type'][]
  readonly createdBefore?: string
  readonly createdAfter?: string
  /** Only ids below this one. */
  readonly IDBefore?: number
  /** How many transactions a page holds at most: 1 to 1000. */
  readonly limit?: number
}

/**
 * Every method repeats its request until it is answered, and throws a `WalletProblem` when the answer is no, a
 * `WalletUnsettled` when none came in time, a `RangeError` for an amount or an ID that can't be sent at all.
 */
export interface WalletClient {
  /** Opens the user's wallet, or finds it open. */
  open(userID: string, options?: CallOptions): Promise<Wallet>
  wallet(userID: string, options?: CallOptions): Promise<Wallet>
  deposit(what: { readonly to: string; readonly amount: Amount }, options?: MovementOptions): Promise<Transaction>
  withdraw(what: { readonly from: string; readonly amount: Amount }, options?: MovementOptions): Promise<Transaction>
  /** Answers with the sender's half. */
  transfer(
    what: { readonly from: string; readonly to: string; readonly amount: Amount },
    options?: MovementOptions,
  ): Promise<Transaction>
  /** Asks for a transaction ID, for those who keep it themselves and hand it over with a movement. */
  issue(userID: string, options?: CallOptions): Promise<IssuedTransactionID>
  /** The outcome of a transaction ID. */
  status(userID: string, transactionID: string, options?: CallOptions): Promise<TransactionIDStatus>
  /** One page, newest first. */
  page(userID: string, filters?: HistoryFilters, options?: CallOptions): Promise<HistoryPage>
  /** Everything, newest first, a page at a time; `deadlineMs` is each page's. What was there at the start comes exactly once. */
  history(userID: string, filters?: HistoryFilters, options?: CallOptions): AsyncGenerator<Transaction, void, undefined>
}

const ATTEMPT_TIMEOUT_MS = 10_000
const DEADLINE_MS = 60_000

const WALLET = '/api/v1/users/{userID}/wallet' satisfies Path

/** @throws {TypeError} for a URL or a token with which nothing could ever be sent; it repeats neither. */
export function createWalletClient(options: ClientOptions): WalletClient {
  const { token, attemptTimeoutMs = ATTEMPT_TIMEOUT_MS, deadlineMs = DEADLINE_MS } = options
  if (typeof token === 'string' && !isToken(token)) throw new TypeError(`token is not ${ACCESS_TOKEN}`)
  const exchange = createExchange({
    url: toBase(options),
    // Called without the client as its `this`, which a browser's would refuse.
    fetch: options.fetch ?? ((...request) => globalThis.fetch(...request)),
    token,
    attemptTimeoutMs,
  })

  function limitsOf(call: CallOptions = {}): Limits {
    return { deadline: performance.now() + (call.deadlineMs ?? deadlineMs), signal: call.signal }
  }

  function issue(userID: string, limits: Limits): Promise<IssuedTransactionID> {
    return exchange({ method: 'POST', path: fill(`${WALLET}/transactionID`, { userID }), read: readIssued }, limits)
  }

  async function move(path: string, userID: string, what: object, call: MovementOptions = {}): Promise<Transaction> {
    const limits = limitsOf(call)
    const transactionID = call.transactionID ?? (await issue(userID, limits)).transactionID
    await call.onTransactionID?.(transactionID)
    const body = { ...what, transactionID }
    return exchange({ method: 'PUT', path, body, transactionID, read: readTransaction }, limits)
  }

  function page(userID: string, filters: HistoryFilters = {}, call?: CallOptions): Promise<HistoryPage> {
    const path = fill(`${WALLET}/transactions`, { userID }) + toQueryString(filters)
    return exchange({ method: 'GET', path, read: readPage }, limitsOf(call))
  }

  return {
    open: async (userID, call) =>
      exchange({ method: 'PUT', path: fill(WALLET, { userID }), read: readWallet }, limitsOf(call)),
    wallet: async (userID, call) =>
      exchange({ method: 'GET', path: fill(WALLET, { userID }), read: readWallet }, limitsOf(call)),
    deposit: async ({ to, amount }, call) =>
      move(fill(`${WALLET}/deposit`, { userID: to }), to, { amount: toUnits(amount) }, call),
    withdraw: async ({ from, amount }, call) =>
      move(fill(`${WALLET}/withdraw`, { userID: from }), from, { amount: toUnits(amount) }, call),
    transfer: async ({ from, to, amount }, call) =>
      move(fill(`${WALLET}/transfer`, { userID: from }), from, { passiveUserID: to, amount: toUnits(amount) }, call),
    issue: async (userID, call) => issue(userID, limitsOf(call)),
    status: async (userID, transactionID, call) => {
      const path = fill(`${WALLET}/transactionID/{transactionID}`, { userID, transactionID })
      return exchange({ method: 'GET', path, read: readStatus }, limitsOf(call))
    },
    page: async (...asked) => page(...asked),
    async *history(userID, filters = {}, call) {
      let next: number | null = filters.IDBefore ?? null
      do {
        const found: HistoryPage = await page(userID, { ...filters, ...(next !== null && { IDBefore: next }) }, call)
        yield* found.transactions
        next = found.nextIDBefore
      } while (next !== null)
    },
  }
}

/** Without a slash at its end; empty for the page's own origin. */
function toBase({ url, fetch }: ClientOptions): string {
  const isOwn = url === '' && (fetch !== undefined || 'location' in globalThis)
  // Not what it is: a password or a token may be in it.
  if (!isOwn && !isServiceURL(url)) throw new TypeError(`url is not the address of a service: ${SERVICE_URL}`)
  return url.replace(/\/+$/, '').replace(/\/api\/v1$/, '')
}

/** Money as it goes over the wire. */
function toUnits(amount: Amount): number {
  const units = Number(amount)
  if (!Number.isSafeInteger(units) || units < 1)
    throw new RangeError(`not an amount: ${amount}; expected whole base units, 1 to ${Number.MAX_SAFE_INTEGER}`)
  return units
}

function fill(template: Path, parameters: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => toSegment(parameters[name] ?? ''))
}

/** URLs know no segment `.` or `..`, even percent-encoded: `fetch` would take it away, and send to another path. */
function toSegment(text: string): string {
  if (text === '' || text === '.' || text === '..')
    throw new RangeError(`no URL can hold the ID ${JSON.stringify(text)}`)
  return encodeURIComponent(text)
}

function toQueryString({ type = [], ...filters }: HistoryFilters): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value !== undefined) parameters.set(name, String(value))
  for (const each of [type].flat()) parameters.append('type', String(each))
  const text = String(parameters)
  return text === '' ? '' : `?${text}`
}
