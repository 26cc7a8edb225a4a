/** What is told of a request once it was answered; never a body, and nobody's user ID. */
export interface RequestEntry {
  readonly requestID: string
  readonly method: string
  /** As it is declared, with `:userID` in it; `undefined` where there is none. */
  readonly route: string | undefined
  readonly status: number
  readonly ms: number
  readonly transactionID: string | undefined
}

/** Notes one answered request. */
export type RequestLog = (entry: RequestEntry) => void
