import { Counter, collectDefaultMetrics, Gauge, Histogram, type MetricValueWithName, Registry } from 'prom-client'
import {
  type FeedReading,
  type Metrics,
  type MetricsPage,
  type PoolReading,
  type QueueName,
  type QueueReading,
  type ReadFamilies,
  type RequestLog,
  type Sample,
  STANDBY_OUTCOMES,
  type StandbyReading,
  type WebhookReading,
} from '../../ports/telemetry.ts'
import { familiesOf, toTexts } from './families.ts'
import { requestMetrics } from './requests.ts'

export interface Prometheus {
  readonly metrics: Metrics
  /** Counts an answered request. */
  readonly countRequest: RequestLog
  readonly page: MetricsPage
  readonly families: ReadFamilies
}

/** Gauges whose names end in `_total`, which Prometheus keeps for counters. The same figures come by type as well. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** Of several processes the worst counts, or the latest start: from then on their counters count. */
const WORST = /^(?:nodejs_eventloop_lag_|process_start_time_seconds$)/

const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
/** Seconds; the last one is near a request's deadline. */
const WAITS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 6]
/** Seconds; the last one is the deadline of a round trip. */
const STEPS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2]

/**
 * Figures for Prometheus, in a registry of their own: docs/operations.md says what each one means.
 *
 * @param gather makes a way to the figures of several processes, of which this is one.
 */
export function createPrometheus(version: string, gather = onlyOurs): Prometheus {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  for (const metric of registry.getMetricsAsArray()) if (WORST.test(metric.name)) metric.aggregator = 'max'
  gauge(registry, 'wallet_build_info', 'The number of processes; their version is in the label', ['version'], (set) =>
    set({ version }, 1),
  )
  const all = gather(registry)
  return {
    metrics: {
      queue: queueMetrics(registry),
      pool: poolMetrics(registry),
      followers: followerMetrics(registry),
      stepDone: stepMetrics(registry),
      feed: feedMetrics(registry),
      webhook: webhookMetrics(registry),
      standby: standbyMetrics(registry),
    },
    countRequest: requestMetrics(registry),
    page: {
      contentType: registry.contentType,
      text: async () => (await all()).metrics(),
      samples: async () => samplesOf(await all()),
    },
    families: () => familiesOf(registry),
  }
}

function onlyOurs(registry: Registry): () => Promise<Registry> {
  return async () => registry
}

/** How requests gather into batches. What happens is told once a batch; who waits is asked when the page is read. */
function queueMetrics(registry: Registry): Metrics['queue'] {
  const readings = new Map<QueueName, { readonly limit: number; read(): QueueReading }>()
  const common = { labelNames: ['queue'] as const, registers: [registry] }
  const sizes = new Histogram({
    ...common,
    name: 'wallet_batch_size',
    help: 'How many requests a batch held',
    buckets: BATCH_SIZES,
  })
  const waits = new Histogram({
    ...common,
    name: 'wallet_queue_wait_seconds',
    help: 'How long the first request of each batch had waited when the batch left: the others waited less',
    buckets: WAITS_S,
  })
  const failures = new Counter({
    ...common,
    name: 'wallet_batch_failures_total',
    help: 'Batches that the database did not do, to be tried again',
  })
  for (const [name, help, read] of [
    [
      'wallet_queue_limit',
      'How many requests may wait for a batch; one more is answered with OVERLOADED',
      ({ limit }) => limit,
    ],
    ['wallet_queue_depth', 'How many requests wait for a batch', ({ read }) => read().waiting],
    ['wallet_queue_in_flight', 'How many requests are in batches that are under way', ({ read }) => read().inFlight],
  ] satisfies [string, string, (reading: { limit: number; read(): QueueReading }) => number][])
    gauge(registry, name, help, ['queue'], (set) => {
      for (const [queue, reading] of readings) set({ queue }, read(reading))
    })

  return (queue, limit, read) => {
    readings.set(queue, { limit, read })
    const [size, wait, failed] = [sizes.labels(queue), waits.labels(queue), failures.labels(queue)]
    failed.inc(0)
    return {
      batchStarted(count, longestWaitMs) {
        size.observe(count)
        wait.observe(longestWaitMs / 1000)
      },
      batchFailed: () => failed.inc(),
    }
  }
}

/** The connections to the database, asked for when the page is read. */
function poolMetrics(registry: Registry): Metrics['pool'] {
  const pools = new Map<string, { readonly size: number; read(): PoolReading }>()
  gauge(
    registry,
    'wallet_pool_connections',
    'Connections to the database, by what they do',
    ['pool', 'state'],
    (set) => {
      for (const [pool, { read }] of pools) {
        const { inUse, idle } = read()
        set({ pool, state: 'in_use' }, inUse)
        set({ pool, state: 'idle' }, idle)
      }
    },
  )
  gauge(registry, 'wallet_pool_limit', 'How many connections there may be', ['pool'], (set) => {
    for (const [pool, { size }] of pools) set({ pool }, size)
  })
  gauge(registry, 'wallet_pool_waiting', 'How many batches and reads wait for a connection', ['pool'], (set) => {
    for (const [pool, { read }] of pools) set({ pool }, read().waiting)
  })
  return (name, size, read) => {
    pools.set(name, { size, read })
  }
}

function followerMetrics(registry: Registry): Metrics['followers'] {
  let count = () => 0
  gauge(registry, 'wallet_followers', 'How many streams of events are open', [], (set) => set({}, count()))
  return (read) => {
    count = read
  }
}

/** What holds the feed back. Of several processes each says the same of the database. */
function feedMetrics(registry: Registry): Metrics['feed'] {
  return readGauges<FeedReading>(registry, [
    [
      'wallet_feed_held_seconds',
      'How long the oldest transaction of the database has been seen under way; the feed ends before it',
      ({ heldMs }) => heldMs / 1000,
      'max',
    ],
    [
      'wallet_feed_prepared_transactions',
      'Transactions of the server that someone has prepared and not ended; the feed ends before them',
      ({ prepared }) => prepared,
      'max',
    ],
    ['wallet_feed_waiting', 'How many readers of the feed wait for something new', ({ waiting }) => waiting, 'sum'],
  ])
}

/** How the webhook fares. What is kept in the database each of several processes says alike. */
function webhookMetrics(registry: Registry): Metrics['webhook'] {
  const registers = [registry]
  const delivered = new Counter({
    ...{ name: 'wallet_webhook_delivered_total', registers },
    help: 'Transactions that the receiver of the webhook has taken',
  })
  const failures = new Counter({
    ...{ name: 'wallet_webhook_failures_total', registers },
    help: 'Attempts to deliver that failed, to be made again',
  })
  const showReadings = readGauges<WebhookReading>(registry, [
    [
      'wallet_webhook_behind_seconds',
      'The age of the oldest transaction that the receiver of the webhook has not taken; 0 if there is none',
      ({ behindMs }) => behindMs / 1000,
      'max',
    ],
    [
      'wallet_webhook_failing_since_seconds',
      'Since when the webhook fails, in seconds since 1970; 0 if the last attempt did not',
      ({ failingSince = 0n }) => Number(failingSince) / 1e6,
      'max',
    ],
    ['wallet_webhook_deliverers', 'Processes that deliver the webhook', ({ delivers }) => Number(delivers), 'sum'],
  ])
  return (read) => {
    showReadings(read)
    return { delivered: (transactions) => delivered.inc(transactions), failed: () => failures.inc() }
  }
}

/** How the standby fares; each of several processes looks for itself. */
function standbyMetrics(registry: Registry): Metrics['standby'] {
  const showReadings = readGauges<StandbyReading>(registry, [
    ['wallet_standby_usable', 'Processes that send reads to the standby', ({ usable }) => Number(usable), 'sum'],
    [
      'wallet_standby_behind_seconds',
      'How old at most is what the standby says',
      ({ behindMs }) => behindMs / 1000,
      'max',
    ],
  ])
  const reads = new Counter({
    ...{ name: 'wallet_standby_reads_total', labelNames: ['outcome'], registers: [registry] },
    help: 'Reads that a standby may answer: those that it has answered, and why the others went to the primary',
  })
  return (read) => {
    showReadings(read)
    const series = new Map(STANDBY_OUTCOMES.map((outcome) => [outcome, reads.labels(outcome)]))
    for (const each of series.values()) each.inc(0)
    return (outcome) => series.get(outcome)?.inc()
  }
}

/** How long the steps of batches and reads stay at the database. */
function stepMetrics(registry: Registry): Metrics['stepDone'] {
  const durations = new Histogram({
    name: 'wallet_database_step_duration_seconds',
    help: 'Time at the database: lock waits for the locks of a batch, commit writes and commits it',
    labelNames: ['step'],
    buckets: STEPS_S,
    registers: [registry],
  })
  const byStep = new Map<string, { observe(seconds: number): void }>()
  return (step, ms) => {
    let series = byStep.get(step)
    if (series === undefined) {
      series = durations.labels(step)
      byStep.set(step, series)
    }
    series.observe(ms / 1000)
  }
}

/** A figure that is asked for when the page is read. */
function gauge<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly Label[],
  collect: (set: (labels: Record<Label, string>, value: number) => void) => void,
  aggregator: 'max' | 'sum' = 'sum',
): void {
  new Gauge({
    name,
    help,
    labelNames,
    aggregator,
    registers: [registry],
    collect() {
      collect((labels, value) => this.set(labels, value))
    },
  })
}

/** Gauges of one reading, which show nothing until it is known where that comes from. */
function readGauges<Reading>(
  registry: Registry,
  gauges: readonly (readonly [
    name: string,
    help: string,
    figure: (reading: Reading) => number,
    aggregator: 'max' | 'sum',
  ])[],
): (read: () => Reading) => void {
  let read: (() => Reading) | undefined
  for (const [name, help, figure, aggregator] of gauges)
    gauge(
      registry,
      name,
      help,
      [],
      (set) => {
        if (read !== undefined) set({}, figure(read()))
      },
      aggregator,
    )
  return (ask) => {
    read = ask
  }
}

/** The service's own, and since when they count. */
const SHOWN = /^(?:wallet_|process_start_time_seconds$)/

async function samplesOf(registry: Registry): Promise<readonly Sample[]> {
  const metrics = await registry.getMetricsAsJSON()
  return metrics
    .filter(({ name }) => SHOWN.test(name))
    .flatMap(({ name, values }) => values.map((value) => toSample(name, value)))
}

/** Of a histogram each value names its series: the buckets, the sum, the count. */
function toSample(name: string, { value, labels, metricName = name }: MetricValueWithName<string>): Sample {
  return {
    name: metricName,
    labels: toTexts(labels),
    value,
  }
}
