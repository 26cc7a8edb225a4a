import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { createRelay } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { type CollectedSpan, startCollector } from './collector.ts'

const DEPOSIT = 'PUT /api/v1/users/:userID/wallet/deposit'
const NOBODY_LISTENS = 'http://127.0.0.1:1'
/** The flush may take 2 s; without that limit it would be 10 s. */
const STOP_LIMIT_MS = 7000
const JSON_TRACES = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }

async function start(t: Test, env: Readonly<Record<string, string>>, preload?: URL) {
  const all = { DATABASE_URL: toURL(await createTestDatabase(t)), ...env }
  const service = await startServiceProcess(t, { env: all, ...(preload && { preload }) })
  return { service, client: createClient(service.url) }
}

function named(spans: readonly CollectedSpan[], name: string): readonly CollectedSpan[] {
  return spans.filter((span) => span.name === name)
}

t.test('requests, their batches and the steps of these are linked, and a stop sends what is left', async (t) => {
  const collector = await startCollector(t)
  const { service, client } = await start(t, { ...JSON_TRACES, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  const users = Array.from({ length: 24 }, (_, index) => `user-${index}`)
  await Promise.all(users.map((user) => client.open(user)))
  const ids = await Promise.all(users.map((user) => client.issue(user)))
  const answers = await Promise.all(users.map((user, index) => client.deposit(user, 1, ids[index] ?? '')))
  t.ok(answers.every(({ status }) => status === 200))
  const { code } = await service.end('SIGTERM')
  t.equal(code, 0)

  const spans = collector.spans()
  const requests = named(spans, DEPOSIT)
  const batches = named(spans, 'batch write')
  t.equal(requests.length, users.length, 'every request has a span')
  t.ok(batches.length > 0 && batches.length < users.length, `${batches.length} batches`)
  const byID = new Map(requests.map((span) => [span.spanId, span]))
  const linked = batches.flatMap(({ links }) => links.map(({ spanId }) => spanId))
  t.strictSame(linked.toSorted(), [...byID.keys()].sort(), 'each request is linked from exactly one batch')

  for (const batch of batches) {
    const own = batch.links.map(({ spanId }) => byID.get(spanId))
    t.equal(batch.attributes['wallet.batch.size'], own.length)
    const first = own.find((request) => request?.spanId === batch.parentSpanId)
    t.equal(batch.traceId, first?.traceId, 'its parent is one of its requests')
    for (const request of own) {
      if (request === first) continue
      t.match(request?.links, [{ traceId: batch.traceId, spanId: batch.spanId }], 'and the others know it')
    }
    const steps = spans.filter(({ parentSpanId }) => parentSpanId === batch.spanId)
    t.strictSame(steps.map(({ name }) => name).sort(), ['commit', 'lock'])
    t.ok(steps.every(({ traceId }) => traceId === batch.traceId))
    t.match(steps.find(({ name }) => name === 'lock')?.attributes, {
      'db.query.summary': /SELECT user_wallet FOR UPDATE/,
    })
  }
  t.strictSame(
    named(spans, 'batch opens').map(({ links }) => links.length > 0),
    named(spans, 'batch opens').map(() => true),
  )
  t.ok(named(spans, 'open').length > 0)
  t.match(requests[0]?.attributes, { 'http.request.method': 'PUT', 'http.response.status_code': 200 })
  t.notMatch(JSON.stringify(spans), /user-\d/, 'no user in a span')
  t.match(collector.resource(), { 'service.name': 'wallet-service' })
})

t.test("a span continues its caller's trace, and keeps quiet where that is not sampled", async (t) => {
  const collector = await startCollector(t)
  const env = { ...JSON_TRACES, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'till' }
  const { service, client } = await start(t, env)
  await client.open('ann')
  const [sampled, unsampled] = ['a', 'b'].map((digit) => digit.repeat(32))
  const spanID = 'c'.repeat(16)
  for (const [traceID, flags] of [
    [sampled, '01'],
    [unsampled, '00'],
  ]) {
    const body = JSON.stringify({ amount: 1, transactionID: await client.issue('ann') })
    const headers = { traceparent: `00-${traceID}-${spanID}-${flags}`, 'content-type': 'application/json' }
    const url = `${service.url}/api/v1/users/ann/wallet/deposit`
    t.equal((await fetch(url, { method: 'PUT', body, headers })).status, 200)
  }
  await fetch(`${service.url}/api/v1/users/ann/wallet`, { headers: { traceparent: 'nonsense' } })
  await service.end('SIGTERM')

  const spans = collector.spans()
  const ours = spans.filter(({ traceId }) => traceId === sampled)
  t.strictSame(ours.map(({ name }) => name).sort(), [DEPOSIT, 'batch write', 'commit', 'lock'])
  t.equal(ours.find(({ name }) => name === DEPOSIT)?.parentSpanId, spanID)
  t.equal(named(spans, 'batch write').length, 1, 'the batch of a request that is not sampled is not either')
  t.notMatch(JSON.stringify(spans), unsampled)
  t.equal(named(spans, 'GET /api/v1/users/:userID/wallet')[0]?.parentSpanId, undefined)
  t.match(collector.resource(), { 'service.name': 'till' })
})

t.test('a request whose body comes long after its head is linked with its batch', async (t) => {
  const collector = await startCollector(t)
  const { service, client } = await start(t, { ...JSON_TRACES, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  await client.open('ann')
  const body = JSON.stringify({ amount: 1, transactionID: await client.issue('ann') })
  const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' }
  const request = httpRequest(`${service.url}/api/v1/users/ann/wallet/deposit`, { method: 'PUT', headers })
  request.flushHeaders()
  await once(request, 'continue')
  request.end(body)
  const [response] = await once(request, 'response')
  t.equal(response.resume().statusCode, 200)
  await service.end('SIGTERM')

  const [span] = named(collector.spans(), DEPOSIT)
  t.ok(span)
  t.match(named(collector.spans(), 'batch write'), [{ links: [{ spanId: span?.spanId }] }])
})

t.test('a batch that failed says so, and the one that did it is linked with the same request', async (t) => {
  const collector = await startCollector(t)
  const relay = await createRelay(t, await createTestDatabase(t))
  await relay.open()
  const env = { ...JSON_TRACES, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, DATABASE_URL: toURL(relay.address) }
  const { service, client } = await start(t, env)
  await client.open('ann')
  const transactionID = await client.issue('ann')
  await relay.close()
  const answer = client.deposit('ann', 1, transactionID)
  await client.call('GET', '/readyz')
  await relay.open()
  t.equal((await answer).status, 200)
  await service.end('SIGTERM')

  const spans = collector.spans()
  const [request] = named(spans, DEPOSIT)
  const batches = named(spans, 'batch write')
  t.ok(batches.length >= 2)
  t.ok(batches.every(({ links }) => links.length === 1 && links[0]?.spanId === request?.spanId))
  t.strictSame(batches.map(({ failed }) => failed).sort(), [false, ...batches.slice(1).map(() => true)])
  t.equal(request?.failed, false)
})

t.test('protobuf is the default', async (t) => {
  const collector = await startCollector(t)
  const { service, client } = await start(t, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })
  await client.open('ann')
  t.equal((await service.end('SIGTERM')).code, 0)
  t.strictSame([...collector.contentTypes], ['application/x-protobuf'])
})

t.test('a collector that is down disturbs no one, and is told of once', async (t) => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: NOBODY_LISTENS,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_EXPORTER_OTLP_TIMEOUT: '50',
  }
  const { service, client } = await start(t, env)
  const complaints = () =>
    service
      .log()
      .split('\n')
      .filter((line) => line.includes('OpenTelemetry: '))
  await client.open('ann')
  await eventually('the complaint', 10_000, () => (complaints().length > 0 ? true : undefined))
  for (let round = 0; round < 10; round += 1)
    t.equal((await client.deposit('ann', 1, await client.issue('ann'))).status, 200)
  const { code, stderr } = await service.end('SIGTERM')
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(complaints(), [/"level":40.*ECONNREFUSED/])
  t.equal(complaints().length, 1)
})

t.test('a collector that never answers holds no stop up for long', async (t) => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  t.teardown(() => silent.close())
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const { service, client } = await start(t, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })
  await client.open('ann')
  const since = performance.now()
  t.equal((await service.end('SIGTERM')).code, 0)
  t.ok(performance.now() - since < STOP_LIMIT_MS, 'it gave up')
})

t.test('without an endpoint nothing of the SDK is loaded; with one it is', async (t) => {
  const preload = new URL('list-scripts.js', import.meta.url)
  const scripts = async (env: Readonly<Record<string, string>>) => {
    const { service, client } = await start(t, env, preload)
    await client.open('ann')
    const { stderr } = await service.end('SIGTERM')
    const [, count, packages = ''] = /^scripts: (\d+); (.*)$/m.exec(stderr) ?? []
    t.ok(Number(count) > 300, `${count} scripts were seen`)
    return packages
  }
  // prom-client loads the facade, which does nothing by itself.
  t.equal(await scripts({}), '@opentelemetry/api')
  const collector = await startCollector(t)
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }
  t.equal(await scripts({ ...endpoint, OTEL_SDK_DISABLED: 'true' }), '@opentelemetry/api')
  t.match(await scripts(endpoint), /sdk-trace/)
})
