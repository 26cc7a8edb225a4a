import { DataPointType } from '@opentelemetry/sdk-metrics'
import * as semconv from '@opentelemetry/semantic-conventions/incubating'
import t from 'tap'
import { CONVENTIONS, LEFT_OUT } from '../../src/adapters/opentelemetry/conventions.ts'
import { createProducer } from '../../src/adapters/opentelemetry/producer.ts'
import { createPrometheus } from '../../src/adapters/prometheus/metrics.ts'
import { QUEUES } from '../../src/ports/telemetry.ts'

const KNOWN: readonly unknown[] = Object.values(semconv)
const UNITS = /^(?:s|By|\{[a-z_]+\})$/

function prometheusWithEverything() {
  const prometheus = createPrometheus('1.2.3')
  for (const queue of QUEUES) prometheus.metrics.queue(queue, 8, () => ({ waiting: 1, inFlight: 2 })).batchStarted(3, 4)
  prometheus.metrics.pool('write', 2, () => ({ inUse: 1, idle: 1, waiting: 0 }))
  prometheus.metrics.feed(() => ({ heldMs: 1500, prepared: 1, waiting: 2 }))
  const webhook = prometheus.metrics.webhook(() => ({ behindMs: 1500, failingSince: undefined, delivers: true }))
  webhook.delivered(3)
  webhook.failed()
  prometheus.metrics.standby(() => ({ usable: true, behindMs: 1500 }))('answered')
  for (const ms of [5, 50]) prometheus.metrics.stepDone('lock', ms)
  const request = {
    requestID: 'r',
    address: undefined,
    ms: 7,
    transactionID: undefined,
    replayed: undefined,
    items: undefined,
  }
  prometheus.countRequest({ ...request, method: 'GET', route: '/livez', status: 200, outcome: undefined })
  prometheus.countRequest({ ...request, method: 'BREW', route: undefined, status: 503, outcome: 'OVERLOADED' })
  return prometheus
}

async function collect() {
  const { resourceMetrics } = await createProducer(prometheusWithEverything().families, '1.2.3').collect()
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
}

t.test('every figure has a name for OTLP, or is left out on purpose, and no other is named', async (t) => {
  const names = (await prometheusWithEverything().families()).map(({ name }) => name)
  const told = [...Object.keys(CONVENTIONS), ...LEFT_OUT]
  t.strictSame(
    names.filter((name) => !told.includes(name)),
    [],
  )
  t.strictSame(
    told.filter((name) => !names.includes(name)),
    [],
  )
})

t.test('what is not our own is named as the semantic conventions name it, with units of UCUM', async (t) => {
  for (const { name, unit } of Object.values(CONVENTIONS)) {
    t.match(unit, UNITS, name)
    if (!name.startsWith('wallet.')) t.ok(KNOWN.includes(name), name)
  }
  const points = (await collect()).flatMap(({ dataPoints }) => dataPoints.map(({ attributes }) => attributes))
  const attributes = new Set(points.flatMap((each) => Object.keys(each)))
  t.ok(attributes.size > 10)
  for (const key of attributes) if (!key.startsWith('wallet.')) t.ok(KNOWN.includes(key), key)
})

t.test('of two figures with one name one metric is made', async (t) => {
  const names = (await collect()).map(({ descriptor }) => descriptor.name)
  t.equal(new Set(names).size, names.length)
  const processor = (await collect()).find(({ descriptor }) => descriptor.name === 'process.cpu.time')
  t.strictSame(processor?.dataPoints.map(({ attributes }) => attributes['cpu.mode']).sort(), ['system', 'user'])
})

t.test('a bucket counts what is in no other, and what grows is told from what does not', async (t) => {
  const metrics = new Map((await collect()).map((metric) => [metric.descriptor.name, metric]))
  const [step] = metrics.get('db.client.operation.duration')?.dataPoints ?? []
  t.match(step?.value, { count: 2, sum: 0.055 })
  t.match(step?.value, { buckets: { counts: [0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] } })
  t.match(metrics.get('wallet.outcomes'), { dataPointType: DataPointType.SUM, isMonotonic: true })
  t.match(metrics.get('wallet.queue.depth'), { dataPointType: DataPointType.SUM, isMonotonic: false })
  t.match(metrics.get('wallet.feed.held_time'), { dataPointType: DataPointType.GAUGE })
})

t.test('no two points of a metric have the same attributes', async (t) => {
  for (const { descriptor, dataPoints } of await collect()) {
    const kinds = dataPoints.map(({ attributes }) => JSON.stringify(attributes))
    t.equal(new Set(kinds).size, kinds.length, descriptor.name)
  }
})

t.test(
  'a request has the attributes of its method, route and status, and none that a client could make up',
  async (t) => {
    const requests = (await collect()).find(({ descriptor }) => descriptor.name === 'http.server.request.duration')
    t.strictSame(
      requests?.dataPoints.map(({ attributes }) => attributes),
      [
        {
          'http.request.method': 'GET',
          'http.response.status_code': 200,
          'url.scheme': 'http',
          'http.route': '/livez',
        },
        {
          'http.request.method': '_OTHER',
          'http.response.status_code': 503,
          'url.scheme': 'http',
          'error.type': '503',
        },
      ],
    )
  },
)
