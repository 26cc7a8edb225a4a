import type { Problem } from './api-types.ts'

/** Every code that this version of the service answers with. */
export type ProblemCode = Problem['code']

/**
 * What is known of a write: `not-executed`: it surely was not, and will not be unless it is sent again; `unknown`: it
 * may have been, since something of one of its requests may have left. Of a read nothing is unknown. To find out, send it again with the same transaction ID, or ask for the ID's status.
 */
export type Outcome = 'not-executed' | 'unknown'

interface ProblemParticulars {
  readonly code: string
  readonly status: number
  readonly detail: string
  readonly requestID: string | undefined
  readonly errors: readonly { readonly path: string; readonly message: string }[]
  readonly transactionID: string | undefined
  readonly outcome: Outcome
}

/**
 * The answer was no. A 422 or 412 is final for its transaction ID; after anything else the ID may be used again.
 *
 * `TRANSACTION_ID_RETIRED` and `TRANSACTION_ID_UNKNOWN` are final too, but their `outcome` is `unknown`: the ledger was restored, or the key
 * that signed the ID was taken away, and the write may have been executed before that. Compare with your own records before you write it
 * again under another ID.
 */
export class WalletProblem extends Error {
  override readonly name = 'WalletProblem'
  /** A later service may know more codes. `UNEXPECTED_ANSWER`: what answered was not the service; a proxy, say. */
  readonly code: ProblemCode | 'UNEXPECTED_ANSWER' | (string & {})
  /** Of HTTP. */
  readonly status: number
  readonly detail: string
  /** Names the request in the service's log. */
  readonly requestID: string | undefined
  /** What is wrong with which field (a JSON pointer); empty unless the code is `INVALID_REQUEST`. */
  readonly errors: ProblemParticulars['errors']
  /** `undefined` if the request had none. */
  readonly transactionID: string | undefined
  readonly outcome: Outcome

  constructor(problem: ProblemParticulars) {
    const wrong = problem.errors.map(({ path, message }) => `; ${path} ${message}`).join('')
    super(`${problem.code}: ${problem.detail}${wrong}`)
    this.code = problem.code
    this.status = problem.status
    this.detail = problem.detail
    this.requestID = problem.requestID
    this.errors = problem.errors
    this.transactionID = problem.transactionID
    this.outcome = problem.outcome
  }
}

/**
 * Why there is no final answer: the deadline passed, the caller's signal ended the call, or it can't be sent: the token
 * that a function gave is none, or no HTTP client connects to the port.
 */
type Reason = 'deadline' | 'aborted' | 'unsendable'

const WHY: Readonly<Record<Reason, string>> = {
  deadline: 'no final answer before the deadline',
  aborted: 'ended by the caller',
  unsendable: 'it cannot be sent',
}

/** No final answer came; `reason` says why, `cause` is what came last. */
export class WalletUnsettled extends Error {
  override readonly name = 'WalletUnsettled'
  readonly reason: Reason
  /**
   * With this one the same write may be sent again, at any time. `undefined` if no write was about to be sent, and of a list,
   * whose movements bring theirs.
   */
  readonly transactionID: string | undefined
  readonly outcome: Outcome

  constructor(
    reason: Reason,
    outcome: Outcome,
    { transactionID, cause }: { transactionID: string | undefined; cause: unknown },
  ) {
    super(`${WHY[reason]}; ${outcome === 'unknown' ? 'it may have been executed' : 'it was not executed'}`, { cause })
    this.reason = reason
    this.transactionID = transactionID
    this.outcome = outcome
  }
}
