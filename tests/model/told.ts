import type { RequestID } from '../../src/domain/command.ts'
import type { Instant } from '../../src/domain/instant.ts'
import { REFUSAL_CODES } from '../../src/domain/outcome.ts'
import { parseInstant } from '../../src/domain/rfc3339.ts'
import { TransactionType } from '../../src/domain/transaction.ts'
import type { Body } from '../support/http/http.ts'
import { asObject, moveAnswers, movesOf, type WalletOperation } from './calls.ts'

/** What the answers say, wherever they stand in the order. */
export interface Told {
  /** The outcome of an ID, see {@link outcomeIn}. */
  readonly outcomes: ReadonlyMap<string, Body>
  readonly executedAt: ReadonlyMap<string, Instant>
  /** The request that was the first to be refused under an ID. */
  readonly refusedBy: ReadonlyMap<string, RequestID>
  readonly openedAt: ReadonlyMap<string, Instant>
  /** When it was last asked for the status of an ID that proved unused. */
  readonly unusedAtMs: ReadonlyMap<string, number>
}

const REFUSALS: readonly unknown[] = REFUSAL_CODES

/** Where two answers contradict each other, the model follows one, and the other finds no explanation. */
export function whatIsTold(history: readonly WalletOperation[]): Told {
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
    const { body } = answered.answer
    for (const each of [body, body.transaction, body.transactions].flat()) noteTransaction(asObject(each))
    for (const [move, { body }] of moveAnswers(call, answered.answer)) {
      noteTransaction(body)
      if (!REFUSALS.includes(body.code)) continue
      refusedBy.set(move.id.transactionID, String(body.instance) as RequestID)
      outcomes.set(move.id.transactionID, outcomeIn(body))
    }
    if (call.kind === 'open' || call.kind === 'wallet' || call.kind === 'state')
      note(openedAt, call.userID, body.createdAt)
    if (call.kind === 'status' && body.status === 'refused')
      outcomes.set(call.id.transactionID, outcomeIn(asObject(body.refusal)))
    if (call.kind === 'status' && body.status === 'unused') unusedAtMs.set(call.id.transactionID, calledAtMs)
  }
  return { outcomes, executedAt, refusedBy, openedAt, unusedAtMs }
}

/** An outcome as each answer tells it: the acting side's transaction, or the code of a refusal. */
export function outcomeIn(body: Body): Body {
  return body.code === undefined ? body : { code: body.code }
}

/**
 * The same history, easier to explain. What got no answer cannot have happened before its IDs proved unused, so it
 * counts as called then. And what got no answer but has an outcome comes first: it must happen at some time, and can
 * only where that outcome follows. What has none comes last: it happened only if nothing else explains what was seen.
 */
export function prepared(
  history: readonly WalletOperation[],
  { outcomes, unusedAtMs }: Told,
): readonly WalletOperation[] {
  const byCall = history.toSorted((a, b) => a.calledAtMs - b.calledAtMs)
  const answered = byCall.filter((operation) => operation.answered !== undefined)
  const unanswered = byCall
    .filter((operation) => operation.answered === undefined)
    .map((operation) => {
      // Whatever an atomic list does, it uses one of its IDs at least.
      const unused = movesOf(operation.call).map(({ id }) => unusedAtMs.get(id.transactionID) ?? 0)
      const since = unused.length === 0 ? 0 : Math.min(...unused)
      return { ...operation, calledAtMs: Math.max(operation.calledAtMs, since) }
    })
  const hasOutcome = ({ call }: WalletOperation) => movesOf(call).some(({ id }) => outcomes.has(id.transactionID))
  return [...unanswered.filter(hasOutcome), ...answered, ...unanswered.filter((each) => !hasOutcome(each))]
}

function note(instants: Map<string, Instant>, of: string, text: unknown): void {
  const parsed = typeof text === 'string' ? parseInstant(text) : undefined
  if (parsed !== undefined) instants.set(of, parsed.instant)
}
