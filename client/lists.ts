import { type ItemOutcome, readOutcomes, readTransaction, type Transaction, UnreadableAnswer } from './answers.ts'
import type { WalletProblem } from './errors.ts'
import type { AnswerFacts } from './exchange.ts'
import type { ListedMovement } from './movements.ts'
import { toProblem } from './problems.ts'

/** How one movement of a list fared. `replayed`: an earlier request with its ID had this outcome already. */
export type ListResult =
  | { readonly outcome: 'executed'; readonly replayed: boolean; readonly transaction: Transaction }
  | { readonly outcome: 'refused'; readonly replayed: boolean; readonly problem: WalletProblem }

const OK = 200
const OUTCOME_UNKNOWN = 503

/** Reads the results of these movements; throws as long as one of them is not known, so that the list is sent again. */
export function resultsOf(movements: readonly ListedMovement[]) {
  return (body: unknown, facts: AnswerFacts): readonly ListResult[] => {
    const outcomes = readOutcomes(body, movements.length)
    const unknown = outcomes.filter(({ status }) => status === OUTCOME_UNKNOWN).length
    if (unknown > 0) throw new Error(`the outcome of ${unknown} of ${movements.length} movements was not known`)
    return outcomes.map((each, index) => toResult(each, movements[index]?.transactionID, facts))
  }
}

function toResult(
  { status, replayed, body }: ItemOutcome,
  transactionID: string | undefined,
  { requestID, maybeExecuted }: AnswerFacts,
): ListResult {
  if (status === OK) {
    const transaction = readTransaction(body)
    if (transaction.transactionID !== transactionID) throw new UnreadableAnswer('a result is of another movement')
    return { outcome: 'executed', replayed, transaction }
  }
  const problem = toProblem(
    { status, body, requestID, redirect: false },
    { transactionID, isWrite: true, maybeExecuted },
  )
  return { outcome: 'refused', replayed, problem }
}
