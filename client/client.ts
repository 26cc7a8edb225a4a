import {
  type FeedPage,
  type HistoryPage,
  type IssuedTransactionID,
  type IssuedTransactionIDs,
  readFeedPage,
  readIssued,
  readManyIssued,
  readPage,
  readStatement,
  readStatus,
  readTransaction,
  readWallet,
  type Statement,
  type Total,
  type Transaction,
  type TransactionIDStatus,
  type Wallet,
} from './answers.ts'
import type { Path, Transaction as WireTransaction } from './api-types.ts'
import { createExchange, type Limits, type TokenSource } from './exchange.ts'
import { type ListResult, resultsOf } from './lists.ts'
import {
  type Amount,
  actorOf,
  checkFields,
  type Deposit,
  type ListedMovement,
  type Movement,
  type Transfer,
  toItem,
  toUnits,
  type Withdrawal,
} from './movements.ts'
import { createSeen } from './seen.ts'
import { ACCESS_TOKEN, isServiceURL, isToken, SERVICE_URL } from './sendable.ts'
import { type WatchOptions, watch } from './watching.ts'

export { TransactionType } from './answers.ts'
export { type Outcome, type ProblemCode, WalletProblem, WalletUnsettled } from './errors.ts'
export type { MovementNote } from './movements.ts'
export type {
  Amount,
  Deposit,
  FeedPage,
  HistoryPage,
  IssuedTransactionID,
  IssuedTransactionIDs,
  ListedMovement,
  ListResult,
  Statement,
  Total,
  Transaction,
  TransactionIDStatus,
  Transfer,
  Wallet,
  WatchOptions,
  Withdrawal,
}

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
  /**
   * Sends the movements of one turn of the event loop, and asks for their IDs, in as few requests as the service takes. Each
   * call ends as it would alone. Off by default.
   */
  readonly gather?: boolean
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

export interface ListOptions extends CallOptions {
  /** All of the list is executed, or nothing of it that was not before. */
  readonly atomic?: boolean
}

/** What narrows a history; times are RFC 3339, up to nanoseconds. */
export interface HistoryFilters {
  readonly type?: WireTransaction['type'] | readonly WireTransaction['type'][]
  readonly createdBefore?: string
  readonly createdAfter?: string
  /** Only what is not earlier. */
  readonly createdFrom?: string
  /** Only ids below this one. */
  readonly IDBefore?: number
  /** How many transactions a page holds at most: 1 to 1000. */
  readonly limit?: number
  /** Only what has exactly this reference. */
  readonly reference?: string
}

/** `from` belongs to it, and `to` to the one that follows; RFC 3339, up to nanoseconds. */
export interface Period {
  readonly from: string
  readonly to: string
}

/** Where the feed is read from, and what narrows it. */
export interface FeedOptions {
  /** The `next` of the last page; left out, it begins with the oldest transaction. */
  readonly after?: string
  /** How many transactions a page holds at most: 1 to 1000. */
  readonly limit?: number
  readonly userID?: string
  readonly reference?: string
}

/**
 * Every method repeats its request until it is answered, and throws a `WalletProblem` when the answer is no, a
 * `WalletUnsettled` when none came in time, a `RangeError` for an amount or an ID that can't be sent at all, a `TypeError` for a field of a
 * movement, or an option of it, that there is not.
 */
export interface WalletClient {
  /** Opens the user's wallet, or finds it open. */
  open(userID: string, options?: CallOptions): Promise<Wallet>
  wallet(userID: string, options?: CallOptions): Promise<Wallet>
  /** The wallet as it was at a moment, which must be over; RFC 3339, up to nanoseconds. */
  walletAt(userID: string, at: string, options?: CallOptions): Promise<Wallet>
  /** The balances before and after a period, and what came in between. The closing of one is the opening of the next. */
  statement(userID: string, period: Period, options?: CallOptions): Promise<Statement>
  deposit(what: Deposit, options?: MovementOptions): Promise<Transaction>
  withdraw(what: Withdrawal, options?: MovementOptions): Promise<Transaction>
  /** Answers with the sender's half. */
  transfer(what: Transfer, options?: MovementOptions): Promise<Transaction>
  /**
   * Sends 1 to 1000 movements as one request, and again until the outcome of each is known: one result for each, in their
   * order. What share a wallet take effect in that order. A `WalletUnsettled` is about all of them: send the same list again.
   */
  submit(list: readonly ListedMovement[], options?: ListOptions): Promise<readonly ListResult[]>
  /** Asks for a transaction ID, for those who keep it themselves and hand it over with a movement. */
  issue(userID: string, options?: CallOptions): Promise<IssuedTransactionID>
  /** The same for 1 to 1000 at once. */
  issueMany(userID: string, count: number, options?: CallOptions): Promise<IssuedTransactionIDs>
  /** Freezes, closes or opens a wallet, which takes an administrator; the reason is kept. The same state again changes nothing. */
  setState(
    userID: string,
    change: { readonly state: 'open' | 'frozen' | 'closed'; readonly reason: string },
    options?: CallOptions,
  ): Promise<Wallet>
  /** The outcome of a transaction ID. */
  status(userID: string, transactionID: string, options?: CallOptions): Promise<TransactionIDStatus>
  /** One page, newest first. */
  page(userID: string, filters?: HistoryFilters, options?: CallOptions): Promise<HistoryPage>
  /** Everything, newest first, a page at a time; `deadlineMs` is each page's. What was there at the start comes exactly once. */
  history(userID: string, filters?: HistoryFilters, options?: CallOptions): AsyncGenerator<Transaction, void, undefined>
  /**
   * Each transaction of the wallet as it is committed, oldest first, without a gap, until the signal or the loop ends it. A lost
   * connection is made again, which goes on behind the last one that was taken.
   */
  watch(userID: string, options?: WatchOptions): AsyncGenerator<Transaction, void, undefined>
  /** One page of the feed, see {@link feed}; what is not there is not waited for. */
  feedPage(from?: FeedOptions, options?: CallOptions): Promise<FeedPage>
  /**
   * The transactions of all wallets, oldest first, each once, for ever: it waits for what is not there yet. Takes an administrator. Keep
   * the `next` of each page with what you made of it, and begin there again. `deadlineMs` is each page's.
   */
  feed(from?: FeedOptions, options?: CallOptions): AsyncGenerator<FeedPage, never, undefined>
}

const ATTEMPT_TIMEOUT_MS = 10_000
const DEADLINE_MS = 60_000
/** What the service may take beside the time that it is asked to wait. */
const ANSWER_MS = 6000
const MAX_WAIT_S = 30

const WALLET = '/api/v1/users/{userID}/wallet' satisfies Path
const LIST = '/api/v1/transactions' satisfies Path

/** @throws {TypeError} for a URL or a token with which nothing could ever be sent; it repeats neither. */
export function createWalletClient(options: ClientOptions): WalletClient {
  const { token, attemptTimeoutMs = ATTEMPT_TIMEOUT_MS, deadlineMs = DEADLINE_MS, gather = false } = options
  if (typeof token === 'string' && !isToken(token)) throw new TypeError(`token is not ${ACCESS_TOKEN}`)
  const settings = {
    url: toBase(options),
    // Called without the client as its `this`, which a browser's would refuse.
    fetch: options.fetch ?? ((...request: Parameters<typeof fetch>) => globalThis.fetch(...request)),
    token,
    attemptTimeoutMs,
    gather,
  }
  const exchange = createExchange(settings)
  const seen = createSeen()

  function limitsOf(call: CallOptions = {}): Limits {
    return { deadline: performance.now() + (call.deadlineMs ?? deadlineMs), signal: call.signal }
  }

  function issue(userID: string, limits: Limits): Promise<IssuedTransactionID> {
    return exchange({ method: 'POST', path: fill(`${WALLET}/transactionID`, { userID }), read: readIssued }, limits)
  }

  async function move(movement: Movement, call: MovementOptions = {}): Promise<Transaction> {
    const limits = limitsOf(call)
    const user = actorOf(movement)
    const path = fill(`${WALLET}/${movement.kind}`, { userID: user })
    // For what is no amount no ID is asked for.
    toUnits(movement.amount)
    const { kind, ...fields } = movement
    checkFields(kind, fields, call)
    const transactionID = call.transactionID ?? (await issue(user, limits)).transactionID
    await call.onTransactionID?.(transactionID)
    const { userID: _user, type: _type, ifVersion, ...body } = toItem({ ...movement, transactionID })
    const headers = ifVersion === undefined ? {} : { 'if-match': `"${ifVersion}"` }
    const sending = exchange({ method: 'PUT', path, headers, body, transactionID, read: readTransaction }, limits)
    return seeing([movement], sending, (transaction) => seen.transaction(transaction))
  }

  function submit(list: readonly ListedMovement[], { atomic = false, ...call }: ListOptions = {}) {
    const body = { ...(atomic && { atomic }), transactions: list.map(toItem) }
    const sending = exchange({ method: 'PUT', path: LIST, body, read: resultsOf(list) }, limitsOf(call))
    return seeing(list, sending, (results) => {
      for (const [index, movement] of list.entries()) {
        const result = results[index]
        if (result?.outcome === 'executed') seen.transaction(result.transaction)
        else seen.changed(actorOf(movement))
      }
    })
  }

  /** What movements tell of their wallets: one that fails, that something is otherwise than it was seen; a transfer, that its receiver has more. */
  async function seeing<Result>(
    movements: readonly Movement[],
    sending: Promise<Result>,
    see: (result: Result) => void,
  ): Promise<Result> {
    try {
      const result = await sending
      see(result)
      return result
    } catch (error) {
      for (const movement of movements) seen.changed(actorOf(movement))
      throw error
    } finally {
      for (const movement of movements) if (movement.kind === 'transfer') seen.changed(movement.to)
    }
  }

  /** A wallet as it is, or with these headers as it was a little earlier. */
  async function current(
    request: { readonly method: 'GET' | 'PUT'; readonly path: string; readonly body?: object },
    headers: Readonly<Record<string, string>>,
    call?: CallOptions,
  ): Promise<Wallet> {
    const askedAt = seen.now()
    const wallet = await exchange({ ...request, headers, read: readWallet }, limitsOf(call))
    seen.current(wallet, askedAt)
    return wallet
  }

  async function page(userID: string, filters: HistoryFilters = {}, call?: CallOptions): Promise<HistoryPage> {
    const { type = [], ...rest } = filters
    const path = fill(`${WALLET}/transactions`, { userID }) + toQueryString(rest, [type].flat())
    const found = await exchange({ method: 'GET', path, headers: seen.headers(userID), read: readPage }, limitsOf(call))
    const [newest] = found.transactions
    if (newest !== undefined) seen.transaction(newest)
    else if (found.nextIDBefore !== null) seen.version(userID, found.nextIDBefore - 1)
    return found
  }

  async function feedPage(from: FeedOptions, wait: number, call?: CallOptions): Promise<FeedPage> {
    const path = LIST + toQueryString({ ...from, wait })
    const found = await exchange({ method: 'GET', path, read: readFeedPage }, limitsOf(call))
    for (const transaction of found.transactions) seen.transaction(transaction)
    return found
  }

  return {
    open: async (userID, call) => current({ method: 'PUT', path: fill(WALLET, { userID }) }, {}, call),
    wallet: async (userID, call) =>
      current({ method: 'GET', path: fill(WALLET, { userID }) }, seen.headers(userID), call),
    walletAt: async (userID, at, call) => {
      const path = fill(WALLET, { userID }) + toQueryString({ at })
      const wallet = await exchange({ method: 'GET', path, read: readWallet }, limitsOf(call))
      seen.version(userID, wallet.version)
      return wallet
    },
    statement: async (userID, { from, to }, call) => {
      const path = fill(`${WALLET}/statement`, { userID }) + toQueryString({ from, to })
      const statement = await exchange({ method: 'GET', path, read: readStatement }, limitsOf(call))
      seen.version(userID, statement.lastID ?? 0)
      return statement
    },
    deposit: async (what, call) => move({ ...what, kind: 'deposit' }, call),
    withdraw: async (what, call) => move({ ...what, kind: 'withdraw' }, call),
    transfer: async (what, call) => move({ ...what, kind: 'transfer' }, call),
    submit: async (...asked) => submit(...asked),
    issue: async (userID, call) => issue(userID, limitsOf(call)),
    issueMany: async (userID, count, call) => {
      const path = fill(`${WALLET}/transactionIDs`, { userID })
      const read = (body: unknown) => readManyIssued(body, count)
      return exchange({ method: 'POST', path, body: { count }, read }, limitsOf(call))
    },
    setState: async (userID, { state, reason }, call) => {
      const path = fill(`${WALLET}/state`, { userID })
      return current({ method: 'PUT', path, body: { state, reason } }, {}, call)
    },
    status: async (userID, transactionID, call) => {
      const path = fill(`${WALLET}/transactionID/{transactionID}`, { userID, transactionID })
      const status = await exchange({ method: 'GET', path, read: readStatus }, limitsOf(call))
      const { transaction } = status
      if (transaction !== undefined) seen.transaction(transaction)
      if (typeof transaction?.passiveUserID === 'string') seen.changed(transaction.passiveUserID)
      return status
    },
    page: async (...asked) => page(...asked),
    feedPage: async (from = {}, call) => feedPage(from, 0, call),
    async *feed(from = {}, call) {
      const wait = Math.max(0, Math.min(MAX_WAIT_S, Math.floor((attemptTimeoutMs - ANSWER_MS) / 1000)))
      for (let after = from.after; ; ) {
        const found: FeedPage = await feedPage({ ...from, ...(after !== undefined && { after }) }, wait, call)
        if (found.transactions.length > 0) yield found
        after = found.next
      }
    },
    async *history(userID, filters = {}, call) {
      let next: number | null = filters.IDBefore ?? null
      do {
        const found: HistoryPage = await page(userID, { ...filters, ...(next !== null && { IDBefore: next }) }, call)
        yield* found.transactions
        next = found.nextIDBefore
      } while (next !== null)
    },
    async *watch(userID, watching = {}) {
      for await (const transaction of watch(
        settings,
        fill(`${WALLET}/events`, { userID }),
        watching,
        readTransaction,
      )) {
        seen.transaction(transaction)
        yield transaction
      }
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

function fill(template: Path, parameters: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => toSegment(parameters[name] ?? ''))
}

/** URLs know no segment `.` or `..`, even percent-encoded: `fetch` would take it away, and send to another path. */
function toSegment(text: string): string {
  if (text === '' || text === '.' || text === '..')
    throw new RangeError(`no URL can hold the ID ${JSON.stringify(text)}`)
  return encodeURIComponent(text)
}

function toQueryString(values: object, types: readonly number[] = []): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) if (value !== undefined) parameters.set(name, String(value))
  for (const type of types) parameters.append('type', String(type))
  const text = String(parameters)
  return text === '' ? '' : `?${text}`
}
