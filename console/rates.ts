import type { Sample } from './answers.ts'

/*
 * What the service did between two readings of its figures. They count from its start, so it is the differences that say
 * something.
 */

export interface Reading {
  /** Seconds since 1970. */
  readonly at: number
  readonly samples: readonly Sample[]
}

export interface Rates {
  readonly at: number
  readonly requestsPerS: number
  readonly executedPerS: number
  /** Everything that was answered with a problem, by its code. */
  readonly refusedPerS: ReadonlyMap<string, number>
  /** Of deposits, withdrawals and transfers; `null` if there were none. */
  readonly p50ms: number | null
  readonly p99ms: number | null
  /** How many movements shared a commit on average. */
  readonly batchSize: number | null
  readonly waiting: number
  readonly waitingLimit: number
}

const LATENCY = 'wallet_http_request_duration_seconds'
const MOVEMENT = /\/wallet\/(?:deposit|withdraw|transfer)$/
const movements = { queue: 'write' }

/** `undefined` if the two are of different processes: behind a balancer, or after a restart. */
export function ratesBetween(earlier: Reading, later: Reading): Rates | undefined {
  if (startOf(earlier) !== startOf(later)) return undefined
  const seconds = later.at - earlier.at
  const rise = (name: string, is: (labels: Sample['labels']) => boolean = () => true) =>
    sum(later, name, is) - sum(earlier, name, is)
  const refused = new Map<string, number>()
  for (const { name, labels } of later.samples) {
    const { outcome } = labels
    if (name !== 'wallet_outcomes_total' || outcome === undefined || outcome === 'executed') continue
    const more = rise('wallet_outcomes_total', (each) => each.outcome === outcome)
    if (more > 0) refused.set(outcome, more / seconds)
  }
  const batches = rise('wallet_batch_size_count', ({ queue }) => queue === movements.queue)
  const moved = rise('wallet_batch_size_sum', ({ queue }) => queue === movements.queue)
  const buckets = risenBuckets(earlier, later)
  return {
    at: later.at,
    requestsPerS: rise(`${LATENCY}_count`) / seconds,
    executedPerS: rise('wallet_outcomes_total', (each) => each.outcome === 'executed') / seconds,
    refusedPerS: refused,
    p50ms: quantileMs(buckets, 0.5),
    p99ms: quantileMs(buckets, 0.99),
    batchSize: batches > 0 ? moved / batches : null,
    waiting: sum(later, 'wallet_queue_depth', ({ queue }) => queue === movements.queue),
    waitingLimit: sum(later, 'wallet_queue_limit', ({ queue }) => queue === movements.queue),
  }
}

interface Bucket {
  /** Seconds. */
  readonly upTo: number
  /** How many took no longer than that. */
  readonly count: number
}

function risenBuckets(earlier: Reading, later: Reading): Bucket[] {
  const limits = new Set<string>()
  for (const { name, labels } of later.samples) if (name === `${LATENCY}_bucket` && labels.le) limits.add(labels.le)
  const count = (reading: Reading, le: string) =>
    sum(reading, `${LATENCY}_bucket`, (each) => each.le === le && MOVEMENT.test(each.route ?? ''))
  return [...limits]
    .map((le) => ({
      upTo: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
      count: count(later, le) - count(earlier, le),
    }))
    .sort((a, b) => a.upTo - b.upTo)
}

/** As Prometheus' histogram_quantile: evenly spread within a bucket; beyond the last limit, that limit. */
export function quantileMs(buckets: readonly Bucket[], quantile: number): number | null {
  const total = buckets.at(-1)?.count ?? 0
  if (total === 0) return null
  const rank = quantile * total
  const index = buckets.findIndex(({ count }) => count >= rank)
  const below = buckets[index - 1] ?? { upTo: 0, count: 0 }
  const bucket = buckets[index] ?? below
  if (bucket.upTo === Number.POSITIVE_INFINITY) return below.upTo * 1000
  const share = (rank - below.count) / (bucket.count - below.count)
  return (below.upTo + (bucket.upTo - below.upTo) * share) * 1000
}

function startOf(reading: Reading): number {
  return sum(reading, 'process_start_time_seconds', () => true)
}

function sum({ samples }: Reading, name: string, is: (labels: Sample['labels']) => boolean): number {
  return samples.reduce((total, each) => (each.name === name && is(each.labels) ? total + each.value : total), 0)
}
