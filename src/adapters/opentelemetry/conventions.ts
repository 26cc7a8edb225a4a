import type { Attributes } from '@opentelemetry/api'

type Labels = Readonly<Record<string, string>>

/** What OpenTelemetry calls a figure. */
export interface Convention {
  readonly name: string
  /** As UCUM writes it; a word in braces counts things. */
  readonly unit: string
  /** What adds up over instances and only grows, what adds up, what does not, and what is in buckets. */
  readonly kind: 'counter' | 'up_down_counter' | 'gauge' | 'histogram'
  readonly attributes?: (labels: Labels) => Attributes
}

/**
 * The service's figures, by the names that Prometheus has for them. What the semantic conventions (1.45) have a name for has that
 * one; the others begin with `wallet.`.
 */
export const CONVENTIONS: Readonly<Record<string, Convention>> = {
  wallet_http_request_duration_seconds: {
    name: 'http.server.request.duration',
    unit: 's',
    kind: 'histogram',
    attributes: httpAttributes,
  },
  wallet_database_step_duration_seconds: {
    name: 'db.client.operation.duration',
    unit: 's',
    kind: 'histogram',
    // A step sends several statements at once, so it is no operation of SQL's.
    attributes: ({ step = '' }) => ({ 'db.system.name': 'postgresql', 'wallet.step': step }),
  },
  wallet_pool_connections: {
    name: 'db.client.connection.count',
    unit: '{connection}',
    kind: 'up_down_counter',
    attributes: ({ pool = '', state }) => ({
      'db.client.connection.pool.name': pool,
      'db.client.connection.state': state === 'in_use' ? 'used' : 'idle',
    }),
  },
  wallet_pool_limit: pool('db.client.connection.limit', '{connection}'),
  wallet_pool_waiting: pool('db.client.connection.pending_requests', '{request}'),
  wallet_outcomes_total: {
    name: 'wallet.outcomes',
    unit: '{outcome}',
    kind: 'counter',
    attributes: ({ outcome = '', replayed }) => ({ 'wallet.outcome': outcome, 'wallet.replayed': replayed === 'true' }),
  },
  wallet_batch_size: queue('wallet.batch.size', '{request}', 'histogram'),
  wallet_batch_failures_total: queue('wallet.batch.failures', '{batch}', 'counter'),
  wallet_queue_depth: queue('wallet.queue.depth', '{request}', 'up_down_counter'),
  wallet_queue_limit: queue('wallet.queue.limit', '{request}', 'up_down_counter'),
  wallet_queue_in_flight: queue('wallet.queue.in_flight', '{request}', 'up_down_counter'),
  wallet_queue_wait_seconds: queue('wallet.queue.wait_time', 's', 'histogram'),
  wallet_followers: { name: 'wallet.followers', unit: '{stream}', kind: 'up_down_counter' },
  wallet_feed_held_seconds: { name: 'wallet.feed.held_time', unit: 's', kind: 'gauge' },
  wallet_feed_prepared_transactions: {
    name: 'wallet.feed.prepared_transactions',
    unit: '{transaction}',
    kind: 'gauge',
  },
  wallet_feed_waiting: { name: 'wallet.feed.waiting', unit: '{reader}', kind: 'up_down_counter' },
  wallet_webhook_delivered_total: { name: 'wallet.webhook.delivered', unit: '{transaction}', kind: 'counter' },
  wallet_webhook_failures_total: { name: 'wallet.webhook.failures', unit: '{attempt}', kind: 'counter' },
  wallet_webhook_behind_seconds: { name: 'wallet.webhook.behind_time', unit: 's', kind: 'gauge' },
  wallet_webhook_failing_since_seconds: { name: 'wallet.webhook.failing_since', unit: 's', kind: 'gauge' },
  wallet_webhook_deliverers: { name: 'wallet.webhook.deliverers', unit: '{process}', kind: 'up_down_counter' },
  wallet_standby_usable: { name: 'wallet.standby.usable', unit: '{process}', kind: 'up_down_counter' },
  wallet_standby_behind_seconds: { name: 'wallet.standby.behind_time', unit: 's', kind: 'gauge' },
  wallet_standby_reads_total: {
    name: 'wallet.standby.reads',
    unit: '{read}',
    kind: 'counter',
    attributes: ({ outcome = '' }) => ({ 'wallet.outcome': outcome }),
  },
  process_cpu_user_seconds_total: processorTime('user'),
  process_cpu_system_seconds_total: processorTime('system'),
  process_resident_memory_bytes: { name: 'process.memory.usage', unit: 'By', kind: 'up_down_counter' },
  process_virtual_memory_bytes: { name: 'process.memory.virtual', unit: 'By', kind: 'up_down_counter' },
  process_open_fds: { name: 'process.unix.file_descriptor.count', unit: '{file_descriptor}', kind: 'up_down_counter' },
  nodejs_eventloop_lag_max_seconds: { name: 'nodejs.eventloop.delay.max', unit: 's', kind: 'gauge' },
  nodejs_eventloop_lag_mean_seconds: { name: 'nodejs.eventloop.delay.mean', unit: 's', kind: 'gauge' },
  nodejs_eventloop_lag_p50_seconds: { name: 'nodejs.eventloop.delay.p50', unit: 's', kind: 'gauge' },
  nodejs_eventloop_lag_p90_seconds: { name: 'nodejs.eventloop.delay.p90', unit: 's', kind: 'gauge' },
  nodejs_eventloop_lag_p99_seconds: { name: 'nodejs.eventloop.delay.p99', unit: 's', kind: 'gauge' },
  nodejs_active_resources: {
    name: 'v8js.resource.active',
    unit: '{resource}',
    kind: 'gauge',
    attributes: ({ type = '' }) => ({ 'v8js.resource.type': type }),
  },
  nodejs_heap_space_size_total_bytes: heapSpace('v8js.memory.heap.space.size'),
  nodejs_heap_space_size_used_bytes: heapSpace('v8js.memory.heap.used'),
  nodejs_heap_space_size_available_bytes: heapSpace('v8js.memory.heap.space.available_size'),
  nodejs_gc_duration_seconds: {
    name: 'v8js.gc.duration',
    unit: 's',
    kind: 'histogram',
    attributes: ({ kind = '' }) => ({ 'v8js.gc.type': kind }),
  },
}

/** What is not sent: sums of what is, what the resource says, and what no convention names. */
export const LEFT_OUT: readonly string[] = [
  ...['process_cpu_seconds_total', 'nodejs_heap_size_total_bytes', 'nodejs_heap_size_used_bytes'],
  ...['process_start_time_seconds', 'nodejs_version_info', 'wallet_build_info'],
  ...['process_heap_bytes', 'process_max_fds', 'nodejs_external_memory_bytes', 'nodejs_eventloop_lag_seconds'],
  ...['nodejs_active_handles', 'nodejs_active_requests'],
  // Just after a reading there is no smallest value yet, and it is told as 292 years.
  ...['nodejs_eventloop_lag_min_seconds', 'nodejs_eventloop_lag_stddev_seconds'],
]

/** Methods that no route has are one, as the conventions want it; what names no route has no attribute for it. */
function httpAttributes({ method, route = 'unmatched', status }: Labels): Attributes {
  return {
    'http.request.method': method === undefined || method === 'other' ? '_OTHER' : method,
    'http.response.status_code': Number(status),
    // Whether a proxy takes HTTPS before it, the service does not know.
    'url.scheme': 'http',
    ...(route !== 'unmatched' && { 'http.route': route }),
    ...(Number(status) >= 500 && { 'error.type': String(status) }),
  }
}

function pool(name: string, unit: string): Convention {
  const attributes = ({ pool = '' }: Labels) => ({ 'db.client.connection.pool.name': pool })
  return { name, unit, kind: 'up_down_counter', attributes }
}

function queue(name: string, unit: string, kind: Convention['kind']): Convention {
  return { name, unit, kind, attributes: ({ queue = '' }) => ({ 'wallet.queue': queue }) }
}

function processorTime(mode: 'user' | 'system'): Convention {
  return { name: 'process.cpu.time', unit: 's', kind: 'counter', attributes: () => ({ 'cpu.mode': mode }) }
}

function heapSpace(name: string): Convention {
  const attributes = ({ space = '' }: Labels) => ({ 'v8js.heap.space.name': `${space}_space` })
  return { name, unit: 'By', kind: 'up_down_counter', attributes }
}
