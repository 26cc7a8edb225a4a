import { isProblem } from './answers.ts'
import { WalletProblem } from './errors.ts'
import type { Answer } from './transport.ts'

/** What a problem is about. */
export interface Subject {
  readonly transactionID: string | undefined
  readonly isWrite: boolean
  /** Whether an attempt before may have been executed. */
  readonly maybeExecuted: boolean
}

/** After these no earlier attempt was executed either: it would have been answered with that. A token may expire in between. */
const FINAL = [400, 404, 412, 422]
/** The same of a code whose status says less: the rest of an atomic list is executed at no time. */
const FINAL_CODE = 'NOT_EXECUTED'
/** They say nothing of attempts before: in the time that the ledger has lost, or under a key that was taken away. */
const OF_NOW_ONLY = ['TRANSACTION_ID_RETIRED', 'TRANSACTION_ID_UNKNOWN']
const INTERNAL_SERVER_ERROR = 500

/** What an answer that says no is thrown as. */
export function toProblem(
  { status, body, requestID, redirect }: Omit<Answer, 'retryAfterMs'>,
  { transactionID, isWrite, maybeExecuted }: Subject,
): WalletProblem {
  const known = isProblem(body)
  const final = FINAL.includes(status) || (known && body.code === FINAL_CODE)
  const ofNowOnly = known && OF_NOW_ONLY.includes(body.code)
  const refused = known && !ofNowOnly && status < INTERNAL_SERVER_ERROR && (!maybeExecuted || final)
  const foreign = redirect
    ? 'a redirect, which the client does not follow: give it the URL that it leads to'
    : `an answer ${status} that is none of the service's`
  return new WalletProblem({
    status,
    transactionID,
    code: known ? body.code : 'UNEXPECTED_ANSWER',
    detail: known ? body.detail : foreign,
    errors: known ? (body.errors ?? []) : [],
    requestID,
    outcome: refused || !isWrite ? 'not-executed' : 'unknown',
  })
}
