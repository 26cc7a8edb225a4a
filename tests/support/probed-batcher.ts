import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises'
import { type BatcherBounds, createBatcher, type Settled } from '../../src/app/batcher.ts'

export interface ProbedItem {
  readonly name: string
  readonly keys: readonly string[]
  readonly size?: number
}

/** A batcher whose batches the test finishes by hand. */
export interface ProbedBatcher {
  room(): number
  submit(item: ProbedItem): Promise<Settled<string>>
  submitAll(items: readonly ProbedItem[]): Promise<readonly Settled<string>[]>
  /** The names in each batch that was started, in the order of the starts. */
  started(): readonly (readonly string[])[]
  /** How long after the first start each batch was started. */
  startedAtMs(): readonly number[]
  /** Lets a batch succeed, with `<name> done` for each item unless told otherwise. */
  finish(batch: number, results?: readonly string[]): void
  fail(batch: number, error: Error): void
  /** Waits until so many batches were started; fails after some seconds. */
  untilStarted(count: number): Promise<void>
}

interface Flight {
  readonly names: readonly string[]
  readonly atMs: number
  resolve(results: readonly string[]): void
  reject(error: Error): void
}

const BOUNDS: BatcherBounds = { concurrency: 1, maxBatch: 100, maxQueued: 100, deadlineMs: 30_000 }
const POLL_MS = 2
const POLL_LIMIT_MS = 60_000

export function item(name: string, ...keys: readonly string[]): ProbedItem {
  return { name, keys }
}

/** A turn of the event loop: enough for a batcher to send what may go, and no timer's worth. */
export async function turn(): Promise<void> {
  await immediate()
  await immediate()
}

/** @param onRun is called with each batch before it is in flight. */
export function createProbedBatcher(
  bounds: Partial<BatcherBounds> = {},
  onRun: (names: readonly string[], attempt: number) => void = () => {},
): ProbedBatcher {
  const flights: Flight[] = []
  const batcher = createBatcher<ProbedItem, string>({
    ...BOUNDS,
    ...bounds,
    keysOf: ({ keys }) => keys,
    sizeOf: ({ size = 1 }) => size,
    run(items) {
      const names = items.map(({ name }) => name)
      const flying = new Promise<readonly string[]>((resolve, reject) => {
        flights.push({ names, atMs: performance.now(), resolve, reject })
      })
      onRun(names, flights.length)
      return flying
    },
  })

  function flight(batch: number): Flight {
    const found = flights[batch]
    if (found === undefined) throw new Error(`batch ${batch} was not started`)
    return found
  }

  return {
    ...batcher,
    started: () => flights.map(({ names }) => names),
    startedAtMs: () => flights.map(({ atMs }) => atMs - flight(0).atMs),
    finish(batch, results) {
      const { names, resolve } = flight(batch)
      resolve(results ?? names.map((name) => `${name} done`))
    },
    fail: (batch, error) => flight(batch).reject(error),
    async untilStarted(count) {
      const limit = performance.now() + POLL_LIMIT_MS
      while (flights.length < count) {
        if (performance.now() > limit) throw new Error(`${flights.length} batches were started, not ${count}`)
        await delay(POLL_MS)
      }
    },
  }
}
