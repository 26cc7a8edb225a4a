import type { QueueName, StoreStep } from './metrics.ts'

/** The span of one request. */
export interface RequestSpan {
  /** Does the work of the request, so that {@link ServiceTracing.current} finds this span in it. */
  run(work: () => void): void
  end(answer: {
    readonly requestID: string
    readonly method: string
    /** As it is declared; `undefined` where there is none. */
    readonly route: string | undefined
    readonly status: number
  }): void
}

/** What a batch is about: the request that each of its items came from, where that is traced. */
export interface Traced {
  readonly span: RequestSpan | undefined
}

/** For the adapter that receives requests. */
export interface RequestTracing {
  /** Begins the span of a request, below the one that its headers name (W3C Trace Context). */
  startRequest(headers: Readonly<Record<string, string | string[] | undefined>>): RequestSpan
}

/** For the app. */
export interface ServiceTracing {
  /** The request that this runs for; `undefined` where that is not traced. */
  current(): RequestSpan | undefined
  /** Does a batch in a span that is linked with the spans of its requests, since they share it. */
  batch<Result>(queue: QueueName, items: readonly Traced[], work: () => Promise<Result>): Promise<Result>
}

/** For the store. */
export interface StoreTracing {
  /** Does one step of a batch in a span below that of the batch; `statements` is what it sends, in short. */
  step<Result>(step: StoreStep, statements: string, work: () => Promise<Result>): Promise<Result>
}

/** For who does not trace; costs a call. */
export const NO_TRACING: ServiceTracing & StoreTracing = {
  current: () => undefined,
  batch: (_queue, _items, work) => work(),
  step: (_step, _statements, work) => work(),
}
