/*
 * What the service tells of itself while it works. All of it is called on the way of requests: it costs a microsecond
 * at most, never throws, and has bounded labels: never a user or transaction ID.
 */

/** The ways to the store, each with a queue of its own. */
export type QueueName = 'movements' | 'opens' | 'wallets' | 'histories' | 'statuses'

/** Who waits right now. */
export interface QueueReading {
  readonly waiting: number
  readonly inFlight: number
}

/** What one queue tells. */
export interface QueueMetrics {
  /** A batch leaves; `longestWaitMs` is how long the first of its items waited for that. */
  batchStarted(size: number, longestWaitMs: number): void
  /** A batch came to nothing and will be tried again. */
  batchFailed(): void
}

/** What connections are for. */
export type PoolName = 'write' | 'read' | 'inspection'

/** The connections of a pool right now. */
export interface PoolReading {
  readonly inUse: number
  readonly idle: number
  /** Who waits for one. */
  readonly waiting: number
}

/** One stay at the database: a round trip, or the few of one read. */
export type StoreStep =
  /** Begins a batch, waits for the locks of its wallets, and reads what is known. */
  | 'lock'
  | 'refuse'
  /** Writes a batch and commits it. */
  | 'commit'
  | 'open_wallets'
  | 'read_wallets'
  | 'read_status'
  | 'read_history'
  /** For those who run the service. */
  | 'inspect'
  | 'ping'

/** What a store tells. */
export interface StoreMetrics {
  /** Makes a pool known that holds `size` connections at most; the last one of a name counts. */
  pool(name: PoolName, size: number, read: () => PoolReading): void
  /** A step is over, well or not. */
  stepDone(step: StoreStep, ms: number): void
}

/** What the app tells. */
export interface ServiceMetrics {
  /** Makes a queue known that lets `limit` items wait at most. */
  queue(name: QueueName, limit: number, read: () => QueueReading): QueueMetrics
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

/** For who does not measure. */
export const NO_METRICS: ServiceMetrics & StoreMetrics = {
  queue: () => ({ batchStarted() {}, batchFailed() {} }),
  pool() {},
  stepDone() {},
}
