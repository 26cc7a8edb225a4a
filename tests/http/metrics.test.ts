import t, { type Test } from 'tap'
import { createPrometheus } from '../../src/adapters/prometheus/metrics.ts'
import { parseFigures } from '../support/http/figures.ts'
import { createHeldStore, MAYBE_WRITTEN, NOT_WRITTEN, uniformBounds } from '../support/http/held-store.ts'
import { type HTTPOptions, settableClock, startHTTP } from '../support/http/http.ts'
import { createWalletClient } from '../support/http/wallet-client.ts'

async function setUp(t: Test, bounds: HTTPOptions['bounds']) {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const prometheus = createPrometheus('1.2.3')
  const { send } = await startHTTP(t, { clock, store: held.store, prometheus, ...(bounds && { bounds }) })
  const client = createWalletClient(send)
  await client.open('ann')
  const figures = async () => parseFigures((await send({ method: 'GET', path: '/metrics' })).text)
  return { client, held, figures, send }
}

t.test('the page is text as Prometheus reads it, of a route that the API does not list', async (t) => {
  const { send } = await setUp(t, undefined)
  const { status, headers } = await send({ method: 'GET', path: '/metrics' })
  t.equal(status, 200)
  t.match(headers['content-type'], /^text\/plain; version=0\.0\.4/)
  t.notMatch((await send({ method: 'GET', path: '/openapi.json' })).text, '/metrics')
  t.equal((await send({ method: 'PUT', path: '/metrics' })).status, 405)
})

t.test('it says how many wait, how many are in flight, and how many may wait', async (t) => {
  const { client, held, figures } = await setUp(t, uniformBounds({ concurrency: 1, maxBatch: 2, maxQueued: 3 }))
  const ids = await Promise.all(Array.from({ length: 6 }, () => client.newID('ann')))
  const reached = held.hold()
  const first = ids.slice(0, 2).map((id) => client.deposit('ann', 1, id))
  await reached
  const others = ids.slice(2).map((id) => client.deposit('ann', 1, id))
  t.equal((await others[3])?.status, 503, 'one too many')

  const queue = { queue: 'write' }
  const full = await figures()
  t.equal(full.sum('wallet_queue_in_flight', queue), 2)
  t.equal(full.sum('wallet_queue_depth', queue), 3)
  t.equal(full.sum('wallet_queue_limit', queue), 3)
  t.equal(full.sum('wallet_outcomes_total', { outcome: 'OVERLOADED' }), 1)

  held.release()
  await Promise.all([...first, ...others])
  const empty = await figures()
  t.equal(empty.sum('wallet_queue_in_flight', queue), 0)
  t.equal(empty.sum('wallet_queue_depth', queue), 0)
  t.equal(empty.sum('wallet_outcomes_total', { outcome: 'executed' }), 5)
  t.equal(empty.sum('wallet_batch_size_sum', queue), 5, 'every movement was in one batch')
  t.equal(empty.sum('wallet_queue_wait_seconds_count', queue), empty.sum('wallet_batch_size_count', queue))
})

for (const [error, code] of [
  [NOT_WRITTEN, 'DATABASE_UNAVAILABLE'],
  [MAYBE_WRITTEN, 'OUTCOME_UNKNOWN'],
] as const) {
  t.test(`a store that fails shows: batches that failed, and ${code}, which begins at 0`, async (t) => {
    const { client, held, figures } = await setUp(t, uniformBounds({ deadlineMs: 1500 }))
    const before = await figures()
    t.equal(before.series.filter(({ labels }) => labels.outcome === code).length, 1, 'it is there before it happens')
    t.equal(before.sum('wallet_batch_failures_total'), 0)
    held.fail(error)
    t.equal((await client.deposit('ann', 1)).body.code, code)
    const after = await figures()
    t.equal(after.sum('wallet_outcomes_total', { outcome: code }), 1)
    t.ok(after.sum('wallet_batch_failures_total', { queue: 'write' }) >= 1)
    t.equal(after.sum('wallet_batch_failures_total', { queue: 'open' }), 0)
  })
}
