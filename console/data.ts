import {
  createWalletClient,
  type HistoryFilters,
  type Period,
  type ProblemCode,
  WalletProblem,
  WalletUnsettled,
} from '../client/client.ts'
import { createExchange } from '../client/exchange.ts'
import type {
  AuditReport,
  Curve,
  Found,
  Newest,
  Referenced,
  Sample,
  StateChange,
  StateChanges,
  Times,
  Trace,
  Webhook,
} from './answers.ts'

/* Everything that the console asks for: clients' questions by the client, and its own. */

const DEADLINE_MS = 8000
const TOKEN = 'wallet-console-token'

/** The service that this page came from, whatever path it stands under. */
const base = new URL('..', document.baseURI)
// Credentials in the page's address are the browser's to send; an @ would look like some.
const url = `${base.origin}${base.pathname}`.replaceAll('@', '%40').replace(/\/$/, '')

/** An access token, kept for this tab only. */
export const token = {
  read: () => sessionStorage.getItem(TOKEN) ?? '',
  keep: (value: string) => sessionStorage.setItem(TOKEN, value.trim()),
  forget: () => sessionStorage.removeItem(TOKEN),
}

const heldToken = () => token.read() || undefined
const client = createWalletClient({ url, deadlineMs: DEADLINE_MS, token: heldToken })
const exchange = createExchange({
  url,
  fetch: (...request) => fetch(...request),
  token: heldToken,
  attemptTimeoutMs: DEADLINE_MS,
})

function ask<Result>(path: string, signal: AbortSignal): Promise<Result> {
  const read = (body: unknown) => body as Result
  return exchange(
    { method: 'GET', path: `/console/data/${path}`, read },
    { deadline: performance.now() + DEADLINE_MS, signal },
  )
}

export const readWallet = (userID: string, signal: AbortSignal) => client.wallet(userID, { signal })

export const readPage = (userID: string, filters: HistoryFilters, signal: AbortSignal) =>
  client.page(userID, filters, { signal })

export const readStatement = (userID: string, period: Period, signal: AbortSignal) =>
  client.statement(userID, period, { signal })

/** The only thing that the console changes. */
export const changeState = (userID: string, change: Pick<StateChange, 'state' | 'reason'>, signal: AbortSignal) =>
  client.setState(userID, change, { signal })

/** What comes behind a place of the feed, as it comes. */
export const followFeed = (after: string, limit: number, signal: AbortSignal) =>
  client.feed({ after, limit }, { signal })

export const readNewest = (signal: AbortSignal) => ask<Newest>('newest', signal)

/** `null` if none is set. */
export const readWebhook = async (signal: AbortSignal) =>
  (await ask<{ webhook: Webhook | null }>('webhook', signal)).webhook

export const findWallets = (prefix: string, signal: AbortSignal) =>
  ask<Found>(`wallets?${new URLSearchParams({ prefix })}`, signal)

export const traceTransaction = (transactionID: string, signal: AbortSignal) =>
  ask<Trace>(`transactions/${encodeURIComponent(transactionID)}`, signal)

export const findReference = (reference: string, signal: AbortSignal) =>
  ask<Referenced>(`references?${new URLSearchParams({ reference })}`, signal)

export const readStateChanges = (userID: string, signal: AbortSignal) =>
  ask<StateChanges>(`state-changes/${encodeURIComponent(userID)}`, signal)

export const readCurve = (userID: string, times: Times, signal: AbortSignal) =>
  ask<Curve>(`curves/${encodeURIComponent(userID)}?${new URLSearchParams({ ...times })}`, signal)

export const readLastAudit = async (signal: AbortSignal) =>
  (await ask<{ report: AuditReport | null }>('audit', signal)).report

export const readFigures = async (signal: AbortSignal) =>
  (await ask<{ samples: readonly Sample[] }>('figures', signal)).samples

/** What went wrong, in words for the person on call. */
export function explain(error: unknown): string {
  if (error instanceof WalletProblem) return [error.detail, ...error.errors.map(({ message }) => message)].join(' ')
  if (error instanceof WalletUnsettled)
    return error.outcome === 'unknown'
      ? 'No answer came: it may have been done, or not. To send it again does no harm.'
      : 'The service did not answer. Check that the service and its database are running.'
  return error instanceof Error ? error.message : String(error)
}

/** Whether the answer was no, and this is why. */
export function isProblem(error: unknown, code: ProblemCode): boolean {
  return error instanceof WalletProblem && error.code === code
}

/** Whether there is nothing to see without a token, or another one. */
export function isDenied(error: unknown): boolean {
  if (error instanceof WalletUnsettled) return error.reason === 'unsendable'
  return error instanceof WalletProblem && (error.status === 401 || error.status === 403)
}
