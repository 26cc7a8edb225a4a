import { NO_TELEMETRY, type QueueName, type Telemetry, type Traced } from '../ports/telemetry.ts'
import type { Failed } from '../ports/wallet-service.ts'
import { StoreError } from '../ports/wallet-store.ts'

/** Every bound that a batcher keeps. */
export interface BatcherBounds {
  /** How many batches may be in flight at once. */
  readonly concurrency: number
  /** How many items one batch may hold; one that is larger by itself goes alone. */
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
  /** For how many an item counts in batches and in the queue; 1 unless told otherwise. */
  sizeOf?(item: Item): number
  /** Items only read: what was cut off has changed nothing, so its outcome is never unknown. */
  readonly readsOnly?: boolean
  /** Of its queue, in metrics and traces. */
  readonly name?: QueueName
  readonly telemetry?: Telemetry
}

export type Settled<Result> = { readonly kind: 'done'; readonly result: Result } | Failed

export interface Batcher<Item, Result> {
  /** How many more items may wait; without room one fails with `OVERLOADED`. */
  room(): number
  submit(item: Item): Promise<Settled<Result>>
  /** The same for many, which wait for as many places, or for none at all; how each settled, in their order. */
  submitAll(items: readonly Item[]): Promise<readonly Settled<Result>[]>
}

interface Entry<Item, Result> extends Traced {
  readonly item: Item
  readonly size: number
  readonly keys: readonly string[]
  readonly deadline: number
  settled: boolean
  inFlight: boolean
  /** An attempt failed while it was being committed: from then on a failure must say so. */
  maybeWritten: boolean
  /** What it came with, until it leaves the queue for the first time. */
  list: List<Entry<Item, Result>> | undefined
  resolve(settled: Settled<Result>): void
  reject(error: unknown): void
}

/** Items that came together. They enter the queue a slice at a time, each behind what came meanwhile, so that none waits for a whole list. */
interface List<Queued> {
  /** How many of them are in the queue. */
  queued: number
  /** Those that are not yet, the last one first. */
  readonly rest: Queued[]
}

/** Below this a batch costs what its commit costs, whatever is in it: cutting it would gain nothing. */
const MIN_SHARE = 16
/** How many of a list wait in the queue at once: enough for few commits, and little for others to wait for. */
const LIST_SLICE = 64
const FIRST_BACKOFF_MS = 20
export const MAX_BACKOFF_MS = 500
const DEADLINE_CHECK_MS = 100
/** For items that only read: they may run in any order, and many of one wallet at once. */
export const READS = { keysOf: (): readonly string[] => [], readsOnly: true } as const
/** There is no room for one more. */
export const OVERLOADED: Failed = { kind: 'failed', code: 'OVERLOADED' }

/**
 * Group commit. While batches are in flight, what arrives gathers; when one is done, all that gathered goes as the
 * next. No timer is involved: a lone item leaves at the end of the event loop's turn it came in.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const {
    run,
    keysOf,
    sizeOf = () => 1,
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
  /** The places that are taken: of all that waits, in the queue or for it. */
  let waitingSize = 0
  /** And of all that is not settled. */
  let outstandingSize = 0
  let batchesInFlight = 0
  let justAnswered = 0
  let pumpScheduled = false
  let backoffMs = 0
  let backingOff = false
  let checkingDeadlines = false
  const metrics = telemetry.queue(name, maxQueued, () => ({
    waiting: waitingSize,
    inFlight: outstandingSize - waitingSize,
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
    const even = Math.ceil((outstandingSize + justAnswered) / (concurrency + 1))
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
    let size = 0
    const mustWait = (keys: readonly string[]) => keys.some((key) => keysInFlight.has(key) || heldBack.has(key))
    const hasRoom = (entry: Queued) =>
      size === 0 ||
      size + entry.size <= limit ||
      (size + entry.size <= maxBatch && entry.keys.some((key) => taken.has(key)))

    for (const entry of queue) {
      if (entry.settled) continue
      const goes = hasRoom(entry) && !mustWait(entry.keys)
      const [where, keys] = goes ? [batch, taken] : [waiting, heldBack]
      where.push(entry)
      for (const key of entry.keys) keys.add(key)
      if (goes) size += entry.size
    }
    queue = waiting
    for (const entry of batch) leaveQueue(entry)
    for (const key of taken) keysInFlight.add(key)
    return batch
  }

  function leaveQueue(entry: Queued): void {
    const { list } = entry
    entry.inFlight = true
    entry.list = undefined
    waitingSize -= entry.size
    if (list === undefined) return
    list.queued -= 1
    if (list.queued === 0) enqueue(list)
  }

  function enqueue(list: List<Queued>): void {
    while (list.queued < LIST_SLICE) {
      const next = list.rest.pop()
      if (next === undefined) return
      list.queued += 1
      queue.push(next)
    }
  }

  async function runBatch(batch: readonly Queued[]): Promise<void> {
    batchesInFlight += 1
    const size = batch.reduce((sum, entry) => sum + entry.size, 0)
    let answer: (() => void) | undefined
    try {
      metrics.batchStarted(size, longestWaitMs(batch))
      const results = await telemetry.batch(name, batch, () => run(batch.map((entry) => entry.item)))
      if (results.length !== batch.length) throw new Error(`${results.length} results for ${batch.length} items`)
      backoffMs = 0
      answer = () => {
        justAnswered = size
        batch.forEach((entry, index) => {
          settle(entry, { kind: 'done', result: results[index] as Result })
        })
      }
    } catch (error) {
      if (error instanceof StoreError) retryLater(batch, error)
      else
        answer = () => {
          for (const entry of batch) fail(entry, error)
        }
    }
    batchesInFlight -= 1
    for (const entry of batch) for (const key of entry.keys) keysInFlight.delete(key)
    pump()
    // The statements of the next batch are on their way before the answers to this one are put together, which may take longer
    // than the database does.
    if (answer !== undefined) setImmediate(answer)
  }

  function longestWaitMs([first]: readonly Queued[]): number {
    return first === undefined ? 0 : performance.now() - first.deadline + deadlineMs
  }

  function retryLater(batch: readonly Queued[], error: StoreError): void {
    metrics.batchFailed()
    if (error.written === 'unknown') for (const entry of batch) entry.maybeWritten = true
    const unsettled = batch.filter((entry) => !entry.settled)
    for (const entry of unsettled) {
      entry.inFlight = false
      waitingSize += entry.size
    }
    queue = [...unsettled, ...queue]
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
    end(entry)
    entry.resolve(settled)
  }

  function fail(entry: Queued, error: unknown): void {
    if (entry.settled) return
    end(entry)
    entry.reject(error)
  }

  function end(entry: Queued): void {
    entry.settled = true
    outstanding.delete(entry)
    outstandingSize -= entry.size
    if (!entry.inFlight) waitingSize -= entry.size
  }

  function room(): number {
    return Math.max(0, maxQueued - waitingSize)
  }

  function createEntry(
    item: Item,
    deadline: number,
    span: Traced['span'],
    resolve: Queued['resolve'],
    reject: Queued['reject'],
  ): Queued {
    const entry: Queued = {
      item,
      span,
      size: sizeOf(item),
      keys: keysOf(item),
      deadline,
      settled: false,
      inFlight: false,
      maybeWritten: false,
      list: undefined,
      resolve,
      reject,
    }
    outstanding.add(entry)
    outstandingSize += entry.size
    waitingSize += entry.size
    return entry
  }

  function wake(sizeBefore: number): void {
    if (!checkingDeadlines) setTimeout(checkDeadlines, DEADLINE_CHECK_MS)
    checkingDeadlines = true
    // A full batch need not wait for the end of the turn; nor is it looked for again with each one more.
    if (sizeBefore < maxBatch && waitingSize >= maxBatch) pump()
    else schedulePump()
  }

  return {
    room,

    submit(item) {
      if (sizeOf(item) > room()) return Promise.resolve(OVERLOADED)
      return new Promise((resolve, reject) => {
        const before = waitingSize
        queue.push(createEntry(item, performance.now() + deadlineMs, telemetry.current(), resolve, reject))
        wake(before)
      })
    },

    submitAll(items) {
      if (items.length === 0) return Promise.resolve([])
      if (items.reduce((sum, item) => sum + sizeOf(item), 0) > room())
        return Promise.resolve(items.map(() => OVERLOADED))
      return new Promise((resolve, reject) => {
        const before = waitingSize
        const deadline = performance.now() + deadlineMs
        const span = telemetry.current()
        const results: Settled<Result>[] = new Array(items.length)
        let left = items.length
        const rest = items.map((item, index) =>
          createEntry(
            item,
            deadline,
            span,
            (settled) => {
              results[index] = settled
              left -= 1
              if (left === 0) resolve(results)
            },
            reject,
          ),
        )
        const list: List<Queued> = { queued: 0, rest: rest.reverse() }
        for (const entry of rest) entry.list = list
        enqueue(list)
        wake(before)
      })
    },
  }
}
