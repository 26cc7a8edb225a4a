/** What is told of a request once it was answered; never a body, and nobody's user ID. */
export interface RequestEntry {
  readonly requestID: string
  readonly method: string
  /** As it is declared, with `:userID` in it; `undefined` where there is none. */
  readonly route: string | undefined
  readonly status: number
  readonly ms: number
  readonly transactionID: string | undefined
  /** The problem's code, or `executed`; `undefined` where neither states its outcome. */
  readonly outcome: string | undefined
  /** The outcome was that of an earlier request with the same transaction ID. */
  readonly replayed: true | undefined
}

/** Notes one answered request. */
export type RequestLog = (entry: RequestEntry) => void
