import { isDeepStrictEqual } from 'node:util'
import { PROBLEMS, type ProblemCode, problemBody } from '../../src/adapters/fastify/wire/problem.ts'
import { pageView, transactionView, walletView } from '../../src/adapters/fastify/wire/views.ts'
import type { RequestID } from '../../src/domain/command.ts'
import { decide } from '../../src/domain/decide.ts'
import type { HistoryQuery } from '../../src/domain/history.ts'
import { after, type Instant, toInstant } from '../../src/domain/instant.ts'
import type { Movement } from '../../src/domain/movement.ts'
import type { Outcome, StoredOutcome } from '../../src/domain/outcome.ts'
import { parseInstant } from '../../src/domain/rfc3339.ts'
import { type Transaction, type TransactionID, TransactionType } from '../../src/domain/transaction.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import { newWallet, type Wallet } from '../../src/domain/wallet.ts'
import type { Body } from '../support/http/http.ts'
import { expected as filtered } from '../support/random/random-queries.ts'
import { explain, type Model, type Operation, type Verdict } from './linearizability.ts'

/** What a client asks of the service. */
export type Call =
  | { readonly kind: 'open' | 'wallet'; readonly userID: UserID }
  | { readonly kind: 'move'; readonly userID: UserID; readonly id: IssuedID; readonly movement: Movement }
  | { readonly kind: 'status'; readonly userID: UserID; readonly id: IssuedID }
  | { readonly kind: 'history'; readonly query: HistoryQuery }

export interface IssuedID {
  readonly transactionID: TransactionID
  readonly expiresAt: Instant
  /** Expired before the history began; the others do not expire before it ends. */
  readonly expired: boolean
}

/** As it came over HTTP. */
export interface WireAnswer {
  readonly status: number
  readonly replayed: boolean
  readonly body: Body
}

export type WalletOperation = Operation<Call, WireAnswer>

/** Everything that is kept, as it stands after some calls. */
interface Ledger {
  readonly wallets: ReadonlyMap<UserID, Wallet>
  /** Oldest first. */
  readonly histories: ReadonlyMap<UserID, readonly Transaction[]>
  readonly outcomes: ReadonlyMap<TransactionID, StoredOutcome>
  /** All of it once more, a bit for each fact: see {@link factNumbers}. */
  readonly facts: bigint
}

const NOTHING: Ledger = { wallets: new Map(), histories: new Map(), outcomes: new Map(), facts: 0n }
/** When a thing happened of which no one was told the time: as early as its wallet allows. */
const EARLY = toInstant(0n)

export interface Explanation extends Verdict<Call, WireAnswer> {
  /** How many of those without an answer took effect in this order. */
  readonly tookEffect: number
}

/**
 * Looks for an order of the operations in which the service as its domain says it is gives all these answers.
 *
 * @param retries whether the service may have had to try again inside one request. It then finds what the first
 *   attempt did, and tells its client of something new that it was there already.
 */
export function explainHistory(
  history: readonly WalletOperation[],
  { retries }: { readonly retries: boolean },
): Explanation {
  const told = whatIsTold(history)
  const attempts = retries ? history.flatMap(earlierAttempt) : []
  const verdict = explain(createWalletModel(told), [...prepared(history, told), ...attempts])
  const inner = new Set(attempts.map(({ call }) => call))
  const tookEffect = verdict.order.filter(({ answered, call }) => answered === undefined && !inner.has(call)).length
  return { ...verdict, tookEffect }
}

/** An attempt of which not even the service learnt the outcome, where the request's answer leaves room for one. */
function earlierAttempt({ client, call, calledAtMs, answered }: WalletOperation): WalletOperation[] {
  const foundAgain = answered?.answer.replayed === true || (call.kind === 'open' && answered?.answer.status === 200)
  return foundAgain
    ? [{ client: `${client}, earlier attempt`, call: { ...call }, calledAtMs, answered: undefined }]
    : []
}

/**
 * The domain, without time: when something happened is taken from what the answers say of it, and everything else
 * must follow from the rules. That it can have happened then (later than what was before it in the wallet, in one
 * instant for both sides of a transfer) follows with it, since `decide` is asked with that time.
 */
function createWalletModel(told: Told): Model<Ledger, Call, WireAnswer> {
  const bitOf = factNumbers()

  function open(ledger: Ledger, userID: UserID): [Ledger, WireAnswer] {
    const existing = ledger.wallets.get(userID)
    if (existing !== undefined) return [ledger, success(walletView(existing), 200)]
    const wallet = newWallet(userID, told.openedAt.get(userID) ?? EARLY)
    const opened = {
      ...ledger,
      wallets: new Map(ledger.wallets).set(userID, wallet),
      facts: ledger.facts | bitOf(`open ${userID}`),
    }
    return [opened, success(walletView(wallet), 201)]
  }

  function move(ledger: Ledger, call: Call & { kind: 'move' }, own: string): [Ledger, WireAnswer] | undefined {
    const { userID, movement, id } = call
    const { transactionID, expiresAt } = id
    const justInTime = after(expiresAt, -1n)
    const at = told.executedAt.get(transactionID) ?? EARLY
    const now = id.expired ? expiresAt : at < justInTime ? at : justInTime
    const requestID = told.refusedBy.get(transactionID) ?? (own as RequestID)
    const state = {
      wallet: (userID: UserID) => ledger.wallets.get(userID),
      outcome: (transactionID: TransactionID) => ledger.outcomes.get(transactionID),
    }
    const { outcome, writes } = decide({ userID, transactionID, expiresAt, requestID, movement }, state, now)
    const answer = movementAnswer(outcome, own)
    const first = told.outcomes.get(transactionID)
    const isNew = outcome.kind !== 'rejected' && !outcome.replayed
    // Someone was told of another outcome, and an ID has one for ever: no need to go on.
    if (isNew && first !== undefined && !isDeepStrictEqual(first, outcomeIn(answer.body))) return undefined
    return [kept(ledger, outcome, writes), answer]
  }

  function kept(ledger: Ledger, outcome: Outcome, writes: ReturnType<typeof decide>['writes']): Ledger {
    if (outcome.kind === 'rejected' || outcome.replayed) return ledger
    const wallets = new Map(ledger.wallets)
    const histories = new Map(ledger.histories)
    let { facts } = ledger
    for (const wallet of writes.wallets) wallets.set(wallet.userID, wallet)
    for (const each of writes.transactions) {
      histories.set(each.userID, [...(histories.get(each.userID) ?? []), each])
      facts |= bitOf(Object.values(each).join(' '))
    }
    for (const { transactionID, movement, code } of writes.refusals)
      facts |= bitOf(`${transactionID} ${code} ${Object.values(movement).join(' ')}`)
    const id = outcome.kind === 'executed' ? outcome.transaction.transactionID : outcome.refusal.transactionID
    return { wallets, histories, facts, outcomes: new Map(ledger.outcomes).set(id, outcome) }
  }

  function apply(ledger: Ledger, call: Call, own: string): [Ledger, WireAnswer] | undefined {
    switch (call.kind) {
      case 'open':
        return open(ledger, call.userID)
      case 'wallet': {
        const wallet = ledger.wallets.get(call.userID)
        return [ledger, wallet === undefined ? problem('WALLET_NOT_FOUND', own) : success(walletView(wallet))]
      }
      case 'move':
        return move(ledger, call, own)
      case 'status':
        return [ledger, statusAnswer(call.id, ledger.outcomes.get(call.id.transactionID))]
      case 'history':
        return [ledger, historyAnswer(ledger, call.query, own)]
      default:
        return call satisfies never
    }
  }

  return {
    initial: NOTHING,
    step(ledger, call, answer) {
      const applied = apply(ledger, call, String(answer?.body.instance))
      if (applied === undefined) return undefined
      const [next, expected] = applied
      return answer === undefined || isDeepStrictEqual(answer, expected) ? next : undefined
    },
    key: ({ facts }) => facts.toString(36),
  }
}

function movementAnswer(outcome: Outcome, own: string): WireAnswer {
  switch (outcome.kind) {
    case 'executed':
      return { ...success(transactionView(outcome.transaction)), replayed: outcome.replayed }
    case 'refused':
      return { ...problem(outcome.refusal.code, outcome.refusal.requestID), replayed: outcome.replayed }
    case 'rejected':
      return problem(outcome.code, own)
    default:
      return outcome satisfies never
  }
}

function statusAnswer({ transactionID, expired }: IssuedID, stored: StoredOutcome | undefined): WireAnswer {
  if (stored?.kind === 'executed')
    return success({ transactionID, status: 'executed', transaction: transactionView(stored.transaction) })
  const code = stored?.refusal.code
  if (expired || code === 'TRANSACTION_ID_EXPIRED') return success({ transactionID, status: 'expired' })
  if (code === undefined) return success({ transactionID, status: 'unused' })
  return success({ transactionID, status: 'refused', refusal: { code, detail: PROBLEMS[code].detail } })
}

function historyAnswer({ wallets, histories }: Ledger, query: HistoryQuery, own: string): WireAnswer {
  if (!wallets.has(query.userID)) return problem('WALLET_NOT_FOUND', own)
  const found = filtered(query, histories.get(query.userID) ?? [])
  const transactions = found.slice(0, query.limit)
  const last = transactions.at(-1)
  return success(
    pageView({ transactions, nextIDBefore: last !== undefined && found.length > query.limit ? last.id : null }),
  )
}

function success(view: object, status = 200): WireAnswer {
  const text = JSON.stringify(view, (_key, value) => (typeof value === 'bigint' ? Number(value) : value))
  return { status, replayed: false, body: JSON.parse(text) }
}

function problem(code: ProblemCode, instance: string): WireAnswer {
  return { status: PROBLEMS[code].status, replayed: false, body: JSON.parse(problemBody(code, instance)) }
}

/** A bit for each text: what is kept is a set of facts, whatever the order in which they came about. */
function factNumbers(): (fact: string) => bigint {
  const bits = new Map<string, bigint>()
  return (fact) => {
    const bit = bits.get(fact) ?? 1n << BigInt(bits.size)
    bits.set(fact, bit)
    return bit
  }
}

/** What the answers say, wherever they stand in the order. */
interface Told {
  /** The outcome of an ID, see {@link outcomeIn}. */
  readonly outcomes: ReadonlyMap<string, Body>
  readonly executedAt: ReadonlyMap<string, Instant>
  /** The request that was the first to be refused under an ID. */
  readonly refusedBy: ReadonlyMap<string, RequestID>
  readonly openedAt: ReadonlyMap<string, Instant>
  /** When it was last asked for the status of an ID that proved unused. */
  readonly unusedAtMs: ReadonlyMap<string, number>
}

/** Where two answers contradict each other, the model follows one, and the other finds no explanation. */
function whatIsTold(history: readonly WalletOperation[]): Told {
  const outcomes = new Map<string, Body>()
  const executedAt = new Map<string, Instant>()
  const refusedBy = new Map<string, RequestID>()
  const openedAt = new Map<string, Instant>()
  const unusedAtMs = new Map<string, number>()

  function noteTransaction(body: Body): void {
    const { transactionID, createdAt, type } = body
    if (typeof transactionID !== 'string' || type === undefined) return
    note(executedAt, transactionID, createdAt)
    if (type !== TransactionType.TransferIn) outcomes.set(transactionID, body)
  }

  for (const { call, answered, calledAtMs } of history) {
    if (answered === undefined) continue
    const { status, body } = answered.answer
    for (const each of [body, body.transaction, body.transactions].flat()) noteTransaction(asObject(each))
    if (call.kind === 'open' || call.kind === 'wallet') note(openedAt, call.userID, body.createdAt)
    if (call.kind === 'move' && status === 422 && body.code !== 'TRANSACTION_ID_REUSED') {
      refusedBy.set(call.id.transactionID, String(body.instance) as RequestID)
      outcomes.set(call.id.transactionID, outcomeIn(body))
    }
    if (call.kind === 'status' && body.status === 'refused')
      outcomes.set(call.id.transactionID, outcomeIn(asObject(body.refusal)))
    if (call.kind === 'status' && body.status === 'unused') unusedAtMs.set(call.id.transactionID, calledAtMs)
  }
  return { outcomes, executedAt, refusedBy, openedAt, unusedAtMs }
}

/** An outcome as each answer tells it: the acting side's transaction, or the code of a refusal. */
function outcomeIn(body: Body): Body {
  return body.code === undefined ? body : { code: body.code }
}

/**
 * The same history, easier to explain. What got no answer cannot have happened before its ID proved unused, so it
 * counts as called then. And what got no answer but has an outcome comes first: it must happen at some time, and can
 * only where that outcome follows. What has none comes last: it happened only if nothing else explains what was seen.
 */
function prepared(history: readonly WalletOperation[], { outcomes, unusedAtMs }: Told): readonly WalletOperation[] {
  const byCall = history.toSorted((a, b) => a.calledAtMs - b.calledAtMs)
  const answered = byCall.filter((operation) => operation.answered !== undefined)
  const unanswered = byCall
    .filter((operation) => operation.answered === undefined)
    .map((operation) => {
      const unused = operation.call.kind === 'move' ? unusedAtMs.get(operation.call.id.transactionID) : undefined
      return { ...operation, calledAtMs: Math.max(operation.calledAtMs, unused ?? 0) }
    })
  const hasOutcome = ({ call }: WalletOperation) => call.kind === 'move' && outcomes.has(call.id.transactionID)
  return [...unanswered.filter(hasOutcome), ...answered, ...unanswered.filter((each) => !hasOutcome(each))]
}

function note(instants: Map<string, Instant>, of: string, text: unknown): void {
  const parsed = typeof text === 'string' ? parseInstant(text) : undefined
  if (parsed !== undefined) instants.set(of, parsed.instant)
}

function asObject(value: unknown): Body {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
