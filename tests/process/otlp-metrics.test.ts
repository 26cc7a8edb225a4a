import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { readFigures } from '../support/http/figures.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { type CollectedPoint, type Collector, startCollector } from './collector.ts'

const NOBODY_LISTENS = 'http://127.0.0.1:1'
const DEPOSIT = '/api/v1/users/:userID/wallet/deposit'
const LIMIT_MS = 30_000
const IN_JSON = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_TRACES_EXPORTER: 'none' }

async function start(t: Test, env: Readonly<Record<string, string>>) {
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)), ...env } })
  return { service, client: createClient(service.url) }
}

/** The sum of the points of a name whose attributes are among those. */
function total(points: readonly CollectedPoint[], name: string, attributes: Readonly<Record<string, unknown>> = {}) {
  return points
    .filter((point) => point.name === name)
    .filter((point) => Object.entries(attributes).every(([key, value]) => point.attributes[key] === value))
    .reduce((sum, { value }) => sum + value, 0)
}

function last(collector: Collector): readonly CollectedPoint[] {
  return collector.exports().at(-1) ?? []
}

t.test('a stop sends the last figures, which agree with those of the page', async (t) => {
  const collector = await startCollector(t)
  const { service, client } = await start(t, { ...IN_JSON, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  await client.open('ann')
  const id = await client.issue('ann')
  for (const amount of [5, 5, 6]) await client.deposit('ann', amount, id)
  const page = await readFigures(service.url)
  t.equal((await service.end('SIGTERM')).code, 0)

  t.equal(collector.exports().length, 1, 'the interval of a minute was not over')
  const points = last(collector)
  t.equal(total(points, 'wallet.outcomes', { 'wallet.outcome': 'executed', 'wallet.replayed': false }), 1)
  t.equal(total(points, 'wallet.outcomes', { 'wallet.outcome': 'executed', 'wallet.replayed': true }), 1)
  t.equal(total(points, 'wallet.outcomes', { 'wallet.outcome': 'TRANSACTION_ID_REUSED' }), 1)
  t.equal(total(points, 'http.server.request.duration', { 'http.route': DEPOSIT, 'http.response.status_code': 200 }), 2)
  t.equal(
    total(points, 'wallet.batch.size', { 'wallet.queue': 'write' }),
    page.sum('wallet_batch_size_count', { queue: 'write' }),
  )
  t.equal(
    total(points, 'db.client.operation.duration', { 'wallet.step': 'commit' }),
    page.sum('wallet_database_step_duration_seconds_count', { step: 'commit' }),
  )
  t.equal(total(points, 'db.client.connection.limit', { 'db.client.connection.pool.name': 'write' }), 2)
  t.ok(total(points, 'process.cpu.time', { 'cpu.mode': 'user' }) > 0)
  t.ok(total(points, 'process.cpu.time', { 'cpu.mode': 'system' }) > 0)
  t.notMatch(JSON.stringify(points), /ann/, 'no user')
  t.match(points[0]?.resource, {
    'service.name': 'wallet-service',
    'service.version': String,
    'service.instance.id': /./,
  })
})

t.test('they are sent again and again, as counted since the start', async (t) => {
  const collector = await startCollector(t)
  const env = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics`, OTEL_METRIC_EXPORT_INTERVAL: '500' }
  const { service, client } = await start(t, { ...IN_JSON, ...env, OTEL_SERVICE_NAME: 'till' })
  const opened = () => total(last(collector), 'http.server.request.duration', { 'http.response.status_code': 201 })
  await client.open('ann')
  await eventually('the first wallet is told of', LIMIT_MS, () => (opened() === 1 ? true : undefined))
  await client.open('bob')
  await eventually('the second is added', LIMIT_MS, () => (opened() === 2 ? true : undefined))
  t.match(last(collector)[0]?.resource, { 'service.name': 'till' })
  t.equal((await service.end('SIGTERM')).code, 0)
  t.strictSame(collector.spans(), [], 'of traces nothing was said')
})

t.test('each worker is an instance of its own, and together they have counted everything', async (t) => {
  const collector = await startCollector(t)
  const env = { ...IN_JSON, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, WORKERS: '2' }
  const { service, client } = await start(t, { ...env, OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=till-7' })
  await eventually('both workers listen', LIMIT_MS, () =>
    /"worker":2,"msg":"listening/.test(service.log()) ? true : undefined,
  )
  const users = Array.from({ length: 40 }, (_, index) => `user-${index}`)
  await Promise.all(users.map((user) => client.open(user)))
  t.equal((await service.end('SIGTERM')).code, 0)
  const all = collector.exports().flat()
  t.strictSame([...new Set(all.map(({ resource }) => resource['service.instance.id']))].sort(), [
    'till-7-1',
    'till-7-2',
  ])
  t.equal(total(all, 'http.server.request.duration', { 'http.response.status_code': 201 }), users.length)
})

t.test('protobuf is the default for figures too', async (t) => {
  const collector = await startCollector(t)
  const env = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics` }
  const { service } = await start(t, env)
  t.equal((await service.end('SIGTERM')).code, 0)
  t.strictSame([...collector.contentTypes], ['application/x-protobuf'])
})

t.test('a collector that is down hurts no request, and is told of once', async (t) => {
  const env = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: NOBODY_LISTENS, OTEL_METRIC_EXPORT_INTERVAL: '50' }
  const { service, client } = await start(t, env)
  const complaints = () =>
    service
      .log()
      .split('\n')
      .filter((line) => line.includes('OpenTelemetry: '))
  await client.open('ann')
  await eventually('the complaint', LIMIT_MS, () => (complaints().length > 0 ? true : undefined))
  for (let round = 0; round < 10; round += 1)
    t.equal((await client.deposit('ann', 1, await client.issue('ann'))).status, 200)
  const { code, stderr } = await service.end('SIGTERM')
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(complaints(), [/"level":40.*metrics export/])
  t.equal(complaints().length, 1)
})
