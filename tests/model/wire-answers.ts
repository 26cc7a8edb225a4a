import { PROBLEMS, type ProblemCode, problemBody } from '../../src/adapters/fastify/wire/problem.ts'
import { pageView, transactionView, walletView } from '../../src/adapters/fastify/wire/views.ts'
import type { HistoryQuery } from '../../src/domain/history.ts'
import type { Outcome, StoredOutcome } from '../../src/domain/outcome.ts'
import type { Wallet } from '../../src/domain/wallet.ts'
import type { StateDecision } from '../../src/domain/wallet-state.ts'
import { expected as filtered } from '../support/random/random-queries.ts'
import type { IssuedID, WireAnswer } from './calls.ts'
import type { Ledger } from './ledger.ts'

/*
 * What the specification answers. `own` is the request's own ID, which a problem names unless it is an earlier refusal.
 */

export function walletAnswer(wallet: Wallet | undefined, own: string, status = 200): WireAnswer {
  return wallet === undefined ? problem('WALLET_NOT_FOUND', own) : success(walletView(wallet), status)
}

export function moveAnswer(outcome: Outcome, own: string): WireAnswer {
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

export function listAnswer(outcomes: readonly Outcome[], own: string): WireAnswer {
  const results = outcomes.map((outcome) => {
    const { status, replayed, body } = moveAnswer(outcome, own)
    return { status, replayed, [outcome.kind === 'executed' ? 'transaction' : 'problem']: body }
  })
  return { status: 200, replayed: false, body: { results } }
}

export function stateAnswer(decision: StateDecision, own: string): WireAnswer {
  return decision.kind === 'rejected' ? problem(decision.code, own) : success(walletView(decision.wallet))
}

export function statusAnswer({ transactionID, expired }: IssuedID, stored: StoredOutcome | undefined): WireAnswer {
  if (stored?.kind === 'executed')
    return success({ transactionID, status: 'executed', transaction: transactionView(stored.transaction) })
  const code = stored?.refusal.code
  if (expired || code === 'TRANSACTION_ID_EXPIRED') return success({ transactionID, status: 'expired' })
  if (code === undefined) return success({ transactionID, status: 'unused' })
  return success({ transactionID, status: 'refused', refusal: { code, detail: PROBLEMS[code].detail } })
}

export function historyAnswer({ wallets, histories }: Ledger, query: HistoryQuery, own: string): WireAnswer {
  if (!wallets.has(query.userID)) return problem('WALLET_NOT_FOUND', own)
  const found = filtered(query, histories.get(query.userID) ?? [])
  const transactions = found.slice(0, query.limit)
  const last = transactions.at(-1)
  return success(
    pageView({ transactions, nextIDBefore: last !== undefined && found.length > query.limit ? last.id : null }),
  )
}

/** A view holds the domain's note beside its fields; the serialiser leaves out what the schema does not name. */
function success(view: object, status = 200): WireAnswer {
  const text = JSON.stringify(view, (key, value) =>
    key === 'note' ? undefined : typeof value === 'bigint' ? Number(value) : value,
  )
  return { status, replayed: false, body: JSON.parse(text) }
}

function problem(code: ProblemCode, instance: string): WireAnswer {
  return { status: PROBLEMS[code].status, replayed: false, body: JSON.parse(problemBody(code, instance)) }
}
