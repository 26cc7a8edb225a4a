import { NO_TELEMETRY, type QueueName, type Telemetry, type Traced } from '../ports/telemetry.ts'
import type { Failed } from '../ports/wallet-service.ts'
import { StoreError } from '../ports/wallet-store.ts'

/** Every bound that a batcher keeps. */
export interface BatcherBounds {
  /** How many batches may be in flight at once. */
  readonly concurrency: number
  /** How many items one batch may hold. */
  readonly maxBatch: number
  /** How many items may wait; one more fails with `OVERLOADED` at once. */
  readonly maxQueued: number
  /** Every item is settled this long after it came, whatever happens. */
  readonly deadlineMs: number
}

export interface BatcherOptions<Item, Result> extends BatcherBounds {
  /** Does a whole batch: a result for each item, in their order, or a {@link StoreError}, after which it may be called with the same items again. */
  run(items: readonly Item[]): Promise<readonly Result[]>
  /** Items that share a key are never in flight in two batches at once, and run in the order in which they came. */
  keysOf(item: Item): readonly string[]
  /** Items only read: what was cut off has changed nothing, so its outcome is never unknown. */
  readonly readsOnly?: boolean
  /** Of its queue, in metrics and traces. */
  readonly name?: QueueName
  readonly telemetry?: Telemetry
}

export type Settled<Result> = { readonly kind: 'done'; readonly result: Result } | Failed

export interface Batcher<Item, Result> {
  /** True when one more item would fail with `OVERLOADED`. */
  isFull(): boolean
  submit(item: Item): Promise<Settled<Result>>
}

interface Entry<Item, Result> extends Traced {
  readonly item: Item
  readonly keys: readonly string[]
  readonly deadline: number
  settled: boolean
  inFlight: boolean
  /** An attempt failed while it was being committed: from then on a failure must say so. */
  maybeWritten: boolean
  resolve(settled: Settled<Result>): void
  reject(error: unknown): void
}

/** Below this a batch costs what its commit costs, whatever is in it: cutting it would gain nothing. */
const MIN_SHARE = 16
const FIRST_BACKOFF_MS = 20
export const MAX_BACKOFF_MS = 500
const DEADLINE_CHECK_MS = 100

/**
 * Group commit. While batches are in flight, what arrives gathers; when one is done, all that gathered goes as the
 * next. No timer is involved: a lone item leaves at the end of the event loop's turn it came in.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const {
    run,
    keysOf,
    concurrency,
    maxBatch,
    maxQueued,
    deadlineMs,
    readsOnly = false,
    name = 'write',
    telemetry = NO_TELEMETRY,
  } = options
  type Queued = Entry<Item, Result>
  const outstanding = new Set<Queued>()
  const keysInFlight = new Set<string>()
  let queue: Queued[] = []
  let batchesInFlight = 0
  let justAnswered = 0
  let pumpScheduled = false
  let backoffMs = 0
  let backingOff = false
  let checkingDeadlines = false
  const metrics = telemetry.queue(name, maxQueued, () => ({
    waiting: queue.length,
    inFlight: outstanding.size - queue.length,
  }))

  function schedulePump(): void {
    if (pumpScheduled || backingOff) return
    pumpScheduled = true
    setImmediate(pump)
  }

  function pump(): void {
    pumpScheduled = false
    while (!backingOff && batchesInFlight < concurrency && queue.length > 0) {
      const batch = gather()
      if (batch.length === 0) return
      void runBatch(batch)
    }
  }

  /**
   * How many items the next batch may hold: an even share of those who are about, counting the ones that were just
   * answered, since they will be back. Without it uneven batches never even out (51 items, then 4, then 9, and round
   * again), and the small ones cost a commit each.
   */
  function fairBatchSize(): number {
    const even = Math.ceil((outstanding.size + justAnswered) / (concurrency + 1))
    return Math.min(maxBatch, Math.max(even, MIN_SHARE))
  }

  /**
   * Takes what may go now. An item that must wait holds back the later ones that share a key with it. One that shares
   * a key with this batch goes with it even past the share: no other connection could take it meanwhile.
   */
  function gather(): Queued[] {
    const batch: Queued[] = []
    const waiting: Queued[] = []
    const heldBack = new Set<string>()
    const taken = new Set<string>()
    const limit = fairBatchSize()
    const mustWait = (keys: readonly string[]) => keys.some((key) => keysInFlight.has(key) || heldBack.has(key))
    const hasRoom = (keys: readonly string[]) =>
      batch.length < limit || (batch.length < maxBatch && keys.some((key) => taken.has(key)))

    for (const entry of queue) {
      if (entry.settled) continue
      const goes = hasRoom(entry.keys) && !mustWait(entry.keys)
      const [list, keys] = goes ? [batch, taken] : [waiting, heldBack]
      list.push(entry)
      for (const key of entry.keys) keys.add(key)
    }
    queue = waiting
    for (const entry of batch) entry.inFlight = true
    for (const key of taken) keysInFlight.add(key)
    return batch
  }

  async function runBatch(batch: readonly Queued[]): Promise<void> {
    batchesInFlight += 1
    try {
      metrics.batchStarted(batch.length, longestWaitMs(batch))
      const results = await telemetry.batch(name, batch, () => run(batch.map((entry) => entry.item)))
      if (results.length !== batch.length) throw new Error(`${results.length} results for ${batch.length} items`)
      backoffMs = 0
      justAnswered = batch.length
      batch.forEach((entry, index) => {
        settle(entry, { kind: 'done', result: results[index] as Result })
      })
    } catch (error) {
      if (error instanceof StoreError) retryLater(batch, error)
      else for (const entry of batch) fail(entry, error)
    } finally {
      batchesInFlight -= 1
      for (const entry of batch) {
        entry.inFlight = false
        for (const key of entry.keys) keysInFlight.delete(key)
      }
      pump()
    }
  }

  function longestWaitMs([first]: readonly Queued[]): number {
    return first === undefined ? 0 : performance.now() - first.deadline + deadlineMs
  }

  function retryLater(batch: readonly Queued[], error: StoreError): void {
    metrics.batchFailed()
    if (error.written === 'unknown') for (const entry of batch) entry.maybeWritten = true
    queue = [...batch.filter((entry) => !entry.settled), ...queue]
    if (backingOff) return
    backingOff = true
    backoffMs = Math.min(Math.max(backoffMs * 2, FIRST_BACKOFF_MS), MAX_BACKOFF_MS)
    setTimeout(() => {
      backingOff = false
      schedulePump()
    }, backoffMs)
  }

  function checkDeadlines(): void {
    const now = performance.now()
    for (const entry of outstanding) {
      if (entry.deadline > now) break
      const unknown = !readsOnly && (entry.maybeWritten || entry.inFlight)
      settle(entry, { kind: 'failed', code: unknown ? 'OUTCOME_UNKNOWN' : 'DATABASE_UNAVAILABLE' })
    }
    queue = queue.filter((entry) => !entry.settled)
    checkingDeadlines = outstanding.size > 0
    if (checkingDeadlines) setTimeout(checkDeadlines, DEADLINE_CHECK_MS)
  }

  function settle(entry: Queued, settled: Settled<Result>): void {
    if (entry.settled) return
    entry.settled = true
    outstanding.delete(entry)
    entry.resolve(settled)
  }

  function fail(entry: Queued, error: unknown): void {
    entry.settled = true
    outstanding.delete(entry)
    entry.reject(error)
  }

  return {
    isFull: () => queue.length >= maxQueued,
    submit(item) {
      if (queue.length >= maxQueued) return Promise.resolve({ kind: 'failed', code: 'OVERLOADED' })
      return new Promise((resolve, reject) => {
        const deadline = performance.now() + deadlineMs
        const keys = keysOf(item)
        const entry: Queued = {
          item,
          span: telemetry.current(),
          keys,
          deadline,
          settled: false,
          inFlight: false,
          maybeWritten: false,
          resolve,
          reject,
        }
        outstanding.add(entry)
        queue.push(entry)
        if (!checkingDeadlines) setTimeout(checkDeadlines, DEADLINE_CHECK_MS)
        checkingDeadlines = true
        // A full batch need not wait for the end of the turn; nor is it looked for again with each one more.
        if (queue.length === maxBatch) pump()
        else schedulePump()
      })
    },
  }
}
