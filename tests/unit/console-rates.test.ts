import t from 'tap'
import type { Sample } from '../../console/answers.ts'
import { quantileMs, ratesBetween } from '../../console/rates.ts'
import { createPrometheus } from '../../src/adapters/prometheus/metrics.ts'
import type { RequestEntry } from '../../src/ports/telemetry.ts'

const TRANSFER: RequestEntry = {
  requestID: 'r',
  address: '127.0.0.1',
  method: 'PUT',
  route: '/api/v1/users/:userID/wallet/transfer',
  status: 200,
  ms: 3,
  transactionID: undefined,
  outcome: 'executed',
  replayed: undefined,
  items: undefined,
}

/** Readings of real figures, `seconds` apart. */
function watched() {
  const prometheus = createPrometheus('1.2.3')
  let at = 1_700_000_000
  return {
    ...prometheus,
    async read(seconds: number) {
      at += seconds
      return { at, samples: await prometheus.page.samples() }
    },
  }
}

t.test('what happened between two readings is told for each second', async (t) => {
  const { countRequest, metrics, read } = watched()
  const queue = metrics.queue('write', 64, () => ({ waiting: 7, inFlight: 3 }))
  for (let n = 0; n < 50; n += 1) countRequest(TRANSFER)
  queue.batchStarted(500, 1)
  const before = await read(0)
  for (let n = 0; n < 20; n += 1) countRequest(TRANSFER)
  countRequest({ ...TRANSFER, replayed: true })
  countRequest({ ...TRANSFER, status: 422, outcome: 'INSUFFICIENT_BALANCE' })
  for (let n = 0; n < 8; n += 1)
    countRequest({ ...TRANSFER, method: 'GET', route: '/livez', ms: 5000, outcome: undefined })
  queue.batchStarted(10, 1)
  queue.batchStarted(12, 1)
  const rates = ratesBetween(before, await read(2))
  t.match(rates, { requestsPerS: 15, executedPerS: 10.5, batchSize: 11, waiting: 7, waitingLimit: 64 })
  t.strictSame([...(rates?.refusedPerS ?? [])], [['INSUFFICIENT_BALANCE', 0.5]])
  t.ok(rates?.p99ms != null && rates.p99ms > 2.5 && rates.p99ms <= 5, 'the latency is that of movements alone')
})

t.test('where nothing happened there is no latency and no batch, which is not zero', async (t) => {
  const { countRequest, read } = watched()
  countRequest(TRANSFER)
  const rates = ratesBetween(await read(0), await read(2))
  t.match(rates, { requestsPerS: 0, executedPerS: 0, batchSize: null, p50ms: null, p99ms: null })
})

t.test('two readings of different processes tell nothing', async (t) => {
  const { read } = watched()
  const [before, after] = [await read(0), await read(2)]
  const restarted = (each: Sample) => (each.name === 'process_start_time_seconds' ? { ...each, value: 1 } : each)
  t.equal(ratesBetween(before, { ...after, samples: after.samples.map(restarted) }), undefined)
  t.ok(ratesBetween(before, after))
})

t.test('a quantile lies within its bucket, in proportion', async (t) => {
  const buckets = [
    { upTo: 0.01, count: 50 },
    { upTo: 0.02, count: 90 },
    { upTo: 0.05, count: 90 },
    { upTo: Number.POSITIVE_INFINITY, count: 100 },
  ]
  t.equal(quantileMs(buckets, 0.5), 10)
  t.equal(quantileMs(buckets, 0.7), 15)
  t.equal(quantileMs(buckets, 0.25), 5)
  t.equal(quantileMs(buckets, 0.99), 50, 'beyond the last limit: at least that')
  t.equal(quantileMs([], 0.5), null)
})
