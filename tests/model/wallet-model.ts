import { isDeepStrictEqual } from 'node:util'
import type { Command, RequestID } from '../../src/domain/command.ts'
import { type BatchDecision, decideBatch } from '../../src/domain/decide.ts'
import { FIRST_EPOCH } from '../../src/domain/epoch.ts'
import { after, type Instant, latest, toInstant } from '../../src/domain/instant.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import { newWallet } from '../../src/domain/wallet.ts'
import { decideState } from '../../src/domain/wallet-state.ts'
import {
  type AtomicCall,
  type Call,
  type Move,
  moveAnswers,
  movesOf,
  precedes,
  resultsOf,
  type WalletOperation,
  type WireAnswer,
} from './calls.ts'
import { createBookkeeping, type Ledger, NOTHING, stateIn } from './ledger.ts'
import { explain, type Model, type Verdict } from './linearizability.ts'
import { outcomeIn, prepared, type Told, whatIsTold } from './told.ts'
import { historyAnswer, listAnswer, moveAnswer, stateAnswer, statusAnswer, walletAnswer } from './wire-answers.ts'

/** When a thing happened of which no one was told the time: as early as its wallet allows. */
const EARLY = toInstant(0n)

/** What a call does, worked out once its answer proved right, and what it is answered with. */
type Applied = readonly [next: () => Ledger, WireAnswer]

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
  if (answered === undefined || !leavesRoom(call, answered.answer)) return []
  const attempt = { client: `${client}, earlier attempt`, call: { ...call }, calledAtMs, answered: undefined }
  // Any other call that is done again changes nothing.
  return [call.kind === 'state' ? { ...attempt, onlyBefore: call } : attempt]
}

/** No answer to a change of state says whether it was so before. */
function leavesRoom(call: Call, answer: WireAnswer): boolean {
  if (call.kind === 'state') return true
  if (call.kind === 'open') return answer.status === 200
  return moveAnswers(call, answer).some(([, { replayed }]) => replayed)
}

/**
 * The domain, without time: when something happened is taken from what the answers say of it, and everything else
 * must follow from the rules. That it can have happened then (later than what was before it in the wallet, in one
 * instant for both sides of a transfer) follows with it, since the domain is asked with that time.
 */
function createWalletModel(told: Told): Model<Ledger, Call, WireAnswer> {
  const books = createBookkeeping()

  function open(ledger: Ledger, userID: UserID, own: string): Applied {
    const existing = ledger.wallets.get(userID)
    if (existing !== undefined) return [() => ledger, walletAnswer(existing, own)]
    const wallet = newWallet(userID, told.openedAt.get(userID) ?? EARLY)
    return [() => books.opened(ledger, wallet), walletAnswer(wallet, own, 201)]
  }

  function toCommand({ userID, movement, id, ifVersion }: Move, own: string): Command {
    const { transactionID, expiresAt } = id
    const requestID = told.refusedBy.get(transactionID) ?? (own as RequestID)
    const command = { userID, transactionID, expiresAt, epoch: FIRST_EPOCH, requestID, movement }
    return ifVersion === undefined ? command : { ...command, ifVersion }
  }

  /** When these were decided: as early as the first of them that is new. One behind it in its wallet is later by itself. */
  function timeOf({ outcomes }: Ledger, moves: readonly Move[]): Instant {
    const fresh = moves.filter(({ id }) => !outcomes.has(id.transactionID)).map(({ id }) => id)
    const expired = fresh.filter((id) => id.expired).map((id) => id.expiresAt)
    const [firstExpired] = expired
    if (firstExpired !== undefined) return expired.reduce((a, b) => latest(a, b), firstExpired)
    const times = fresh.flatMap(({ transactionID, expiresAt }) => [
      told.executedAt.get(transactionID) ?? EARLY,
      after(expiresAt, -1n),
    ])
    return times.reduce((first, at) => (at < first ? at : first), times[0] ?? EARLY)
  }

  /** Decides movements, alone or as an atomic list. */
  function decide(ledger: Ledger, call: Move | AtomicCall, own: string): BatchDecision | undefined {
    const moves = movesOf(call)
    const commands = moves.map((move) => toCommand(move, own))
    const units = call.kind === 'atomic' ? [{ commands, impossible: false }] : commands
    const decision = decideBatch(units, stateIn(ledger), timeOf(ledger, moves))
    // Someone was told of another outcome, and an ID has one for ever: no need to go on.
    return decision.outcomes.some((outcome, index) => isContradicted(moves[index], outcome, own)) ? undefined : decision
  }

  function isContradicted(move: Move | undefined, outcome: Outcome, own: string): boolean {
    if (move === undefined || outcome.kind === 'rejected' || outcome.replayed) return false
    const first = told.outcomes.get(move.id.transactionID)
    return first !== undefined && !isDeepStrictEqual(first, outcomeIn(moveAnswer(outcome, own).body))
  }

  function move(ledger: Ledger, call: Move | AtomicCall, own: string): Applied | undefined {
    const decision = decide(ledger, call, own)
    if (decision === undefined) return undefined
    const { outcomes, writes } = decision
    if (call.kind === 'atomic' && !isAllOrNothing(decision)) return undefined
    const [only] = outcomes
    const answer = call.kind === 'move' && only !== undefined ? moveAnswer(only, own) : listAnswer(outcomes, own)
    return [() => books.kept(ledger, writes), answer]
  }

  function change(ledger: Ledger, { userID, state }: Call & { kind: 'state' }, own: string): Applied {
    const decision = decideState(ledger.wallets.get(userID), state)
    const next = () => (decision.kind === 'changed' ? books.changed(ledger, decision.wallet) : ledger)
    return [next, stateAnswer(decision, own)]
  }

  function apply(ledger: Ledger, call: Call, own: string): Applied | undefined {
    switch (call.kind) {
      case 'open':
        return open(ledger, call.userID, own)
      case 'wallet':
        return [() => ledger, walletAnswer(ledger.wallets.get(call.userID), own)]
      case 'move':
      case 'atomic':
        return move(ledger, call, own)
      case 'state':
        return change(ledger, call, own)
      case 'status':
        return [() => ledger, statusAnswer(call.id, ledger.outcomes.get(call.id.transactionID))]
      case 'history':
        return [() => ledger, historyAnswer(ledger, call.query, own)]
      default:
        return call satisfies never
    }
  }

  return {
    initial: NOTHING,
    step(ledger, call, answer) {
      const applied = apply(ledger, call, ownID(answer))
      if (applied === undefined) return undefined
      const [next, expected] = applied
      return answer === undefined || isDeepStrictEqual(answer, expected) ? next() : undefined
    },
    key: ({ facts }) => facts.toString(36),
    precedes,
  }
}

/** The one thing that is not taken from the domain's word: without it a mistake in there would be one in here. */
function isAllOrNothing({ outcomes, writes }: BatchDecision): boolean {
  const executed = outcomes.filter(({ kind }) => kind === 'executed')
  const isFresh = executed.some((outcome) => outcome.kind === 'executed' && !outcome.replayed)
  return executed.length === outcomes.length || (!isFresh && writes.transactions.length + writes.wallets.length === 0)
}

/** The ID of the request, as far as its answer tells: a replay names another. */
function ownID(answer: WireAnswer | undefined): string {
  if (answer === undefined) return 'unknown'
  const fresh = resultsOf(answer).find(({ replayed, body }) => !replayed && body.instance !== undefined)
  return String((fresh ?? answer).body.instance)
}
