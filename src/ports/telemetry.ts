import type { Instant } from '../domain/instant.ts'

/*
 * What the service tells of itself while it works. All of it is called on the way of requests: a call costs a microsecond at
 * most, never throws, and has bounded labels: never a user or transaction ID.
 */

/** The ways to the store, each with a queue of its own. Labels of metrics: the dashboard and the alerts name them. */
export const QUEUES = [
  ...['write', 'open', 'change_state', 'read_wallet', 'read_history', 'read_status'],
  ...['read_wallet_at', 'read_statement', 'read_feed', 'standby_wallet', 'standby_history'],
] as const
export type QueueName = (typeof QUEUES)[number]

/** Who waits right now. */
export interface QueueReading {
  readonly waiting: number
  readonly inFlight: number
}

/** What one queue tells. */
export interface QueueMetrics {
  /** A batch leaves; `longestWaitMs` is how long the first of its items waited for that. */
  batchStarted(size: number, longestWaitMs: number): void
  /** A batch failed and will be tried again. */
  batchFailed(): void
}

/** The connections of a pool right now. */
export interface PoolReading {
  readonly inUse: number
  readonly idle: number
  /** Who waits for one. */
  readonly waiting: number
}

/** What holds the feed back right now. */
export interface FeedReading {
  /** Since when the oldest transaction that is under way was seen to be, or 0. */
  readonly heldMs: number
  readonly prepared: number
  /** Who waits for something new. */
  readonly waiting: number
}

/** How the webhook fares right now. */
export interface WebhookReading {
  /** The age of the oldest transaction that was not delivered, or 0. */
  readonly behindMs: number
  /** `undefined` unless the last attempt failed. */
  readonly failingSince: Instant | undefined
  /** It is this process that delivers. */
  readonly delivers: boolean
}

/** What the webhook tells. */
export interface WebhookMetrics {
  /** The receiver has taken so many transactions. */
  delivered(transactions: number): void
  /** An attempt failed. */
  failed(): void
}

/** How the standby fares right now. */
export interface StandbyReading {
  /** It answers, follows our ledger, and is not too far behind. */
  readonly usable: boolean
  /** How old what it says may be at most. */
  readonly behindMs: number
}

/**
 * What came of a read that a standby may answer. `behind`: its wallet was too old there; `unusable`: it was not asked, or failed.
 * Both then go to the primary.
 */
export const STANDBY_OUTCOMES = ['answered', 'behind', 'unusable'] as const
export type StandbyOutcome = (typeof STANDBY_OUTCOMES)[number]

/** The figures of the app and of its store. */
export interface Metrics {
  /** Makes a queue known that lets at most `limit` items wait. */
  queue(name: QueueName, limit: number, read: () => QueueReading): QueueMetrics
  /** Makes a pool known that holds at most `size` connections; the last one of a name counts. */
  pool(name: string, size: number, read: () => PoolReading): void
  /** Makes known how many follow a wallet right now. */
  followers(read: () => number): void
  /** A step at the database is over, well or not. */
  stepDone(step: string, ms: number): void
  /** Makes the feed known. */
  feed(read: () => FeedReading): void
  /** Makes the webhook known. */
  webhook(read: () => WebhookReading): WebhookMetrics
  /** Makes the standby known, and says where its reads are counted. */
  standby(read: () => StandbyReading): (outcome: StandbyOutcome) => void
}

/** The span of one request. */
export interface RequestSpan {
  /** Does the work of the request, so that {@link Tracing.current} finds this span in it. */
  run(work: () => void): void
  end(answer: {
    readonly requestID: string
    readonly method: string
    /** As it is declared; `undefined` if there is none. */
    readonly route: string | undefined
    readonly status: number
  }): void
}

/** What a batch is about: the request that each of its items came from, if that is traced. */
export interface Traced {
  readonly span: RequestSpan | undefined
}

/** The spans of batches and of their steps. */
export interface Tracing {
  /** The request that this runs for; `undefined` if that is not traced. */
  current(): RequestSpan | undefined
  /** Does a batch in a span that is linked with the spans of its requests, since they share it. */
  batch<Result>(queue: QueueName, items: readonly Traced[], work: () => Promise<Result>): Promise<Result>
  /** Does one step of a batch in a span below that of the batch; `statements` is what it sends, in short. */
  step<Result>(step: string, statements: string, work: () => Promise<Result>): Promise<Result>
}

/** For the adapter that receives requests. */
export interface RequestTracing {
  /** Begins the span of a request, below the one that its headers name (W3C Trace Context). */
  startRequest(headers: Readonly<Record<string, string | string[] | undefined>>): RequestSpan
}

export interface Telemetry extends Metrics, Tracing {}

/** Tells no one; costs a call. */
export const NO_TELEMETRY: Telemetry = {
  queue: () => ({ batchStarted() {}, batchFailed() {} }),
  pool() {},
  followers() {},
  stepDone() {},
  feed() {},
  webhook: () => ({ delivered() {}, failed() {} }),
  standby: () => () => {},
  current: () => undefined,
  batch: (_queue, _items, work) => work(),
  step: (_step, _statements, work) => work(),
}

/** One figure right now; what is a histogram to those who collect them is several of these, named after it. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The figures, as one who collects them reads them. */
export interface MetricsPage {
  /** Those of the service, and since when its process counts (`process_start_time_seconds`). */
  samples(): Promise<readonly Sample[]>
  readonly contentType: string
  text(): Promise<string>
}

/** A histogram as it stands. */
export interface HistogramReading {
  /** The upper bounds of its buckets, rising, without the last one, which has none. */
  readonly bounds: readonly number[]
  /** How many values fell in each bucket, and in it alone; the last one is for what is above every bound. */
  readonly counts: readonly number[]
  readonly sum: number
}

/** The series of one name: a value each, or a histogram each. */
export type MetricFamily = { readonly name: string; readonly help: string } & (
  | { readonly kind: 'value'; readonly series: readonly Series<number>[] }
  | { readonly kind: 'histogram'; readonly series: readonly Series<HistogramReading>[] }
)

interface Series<Value> {
  readonly labels: Readonly<Record<string, string>>
  readonly value: Value
}

/** The figures of this process alone, as one who sends them on reads them. */
export type ReadFamilies = () => Promise<readonly MetricFamily[]>

/** OTLP over HTTP, in one of its two forms. */
export const OTLP_PROTOCOLS = ['http/protobuf', 'http/json'] as const
export type OTLPProtocol = (typeof OTLP_PROTOCOLS)[number]

/** How figures are sent to a collector. */
export interface MetricsSetting {
  readonly protocol: OTLPProtocol
  /** From the beginning of one export to that of the next. */
  readonly intervalMs: number
  /** At most `intervalMs`. */
  readonly timeoutMs: number
}

/** What is sent to collectors; `undefined`: not at all. Where to, and all the rest, OpenTelemetry's SDK reads by itself. */
export interface OTLPSetting {
  readonly traces: OTLPProtocol | undefined
  readonly metrics: MetricsSetting | undefined
}

/** What is told of a request once it was answered; never a body, and nobody's user ID. */
export interface RequestEntry {
  readonly requestID: string
  /** Of the client: what is behind a trusted proxy, if one is between. */
  readonly address: string | undefined
  readonly method: string
  /** As it is declared, with `:userID` in it; `undefined` if there is none. */
  readonly route: string | undefined
  readonly status: number
  readonly ms: number
  readonly transactionID: string | undefined
  /** The problem's code, or `executed`; `undefined` if neither states its outcome. */
  readonly outcome: string | undefined
  /** The outcome was that of an earlier request with the same transaction ID. */
  readonly replayed: true | undefined
  /** How the items of a list fared; `undefined` if the request was none. */
  readonly items: readonly ItemsEntry[] | undefined
  /** The administrator who sent it, by the user ID of their token; `undefined` if it was anyone else. */
  readonly administrator?: string | undefined
}

/** Items of a list that fared alike. */
export interface ItemsEntry {
  readonly outcome: string
  readonly replayed: boolean
  readonly count: number
}

/** Notes one answered request. */
export type RequestLog = (entry: RequestEntry) => void
