import t from 'tap'
import { HTTP_TIMEOUTS } from '../../src/adapters/fastify/http.ts'
import { MAX_BACKOFF_MS } from '../../src/app/batcher.ts'
import { serviceBounds, WEBHOOK_BOUNDS } from '../../src/app/bounds.ts'
import { readConfig } from '../../src/app/config.ts'
import { MAX_FEED_WAIT_S } from '../../src/domain/feed.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'

const { lock, statement, idleInTransaction, roundTrip, open, request, drain, httpRequest, httpConnection } = TIMEOUTS_MS

t.test('every time limit is there: none is 0, negative or without an end', async (t) => {
  const limits = Object.entries({ ...TIMEOUTS_MS, ...HTTP_TIMEOUTS })
  t.ok(limits.length > 12)
  for (const [name, ms] of limits) t.ok(Number.isSafeInteger(ms) && ms > 0, `${name}: ${ms} ms`)
})

t.test(
  'they strike in their order: lock < statement < round trip < request < the end of the process and of HTTP',
  async (t) => {
    const order = [lock, statement, roundTrip, request, drain, httpRequest, httpConnection, TIMEOUTS_MS.httpKeepAlive]
    t.strictSame(
      order,
      order.toSorted((a, b) => a - b),
    )
    t.equal(new Set(order).size, order.length, 'no two strike at once')
    t.ok(TIMEOUTS_MS.clientCheck < lock, 'an abandoned backend is noticed before the next waits in vain for its lock')
    t.ok(idleInTransaction >= statement && idleInTransaction < roundTrip)
    t.ok(TIMEOUTS_MS.orphan > TIMEOUTS_MS.httpKeepAlive)
    t.ok(2 * TIMEOUTS_MS.migrationLock < lock, 'who waits behind a migration for two tables is still not turned away')
  },
)

t.test('a batch whose packets vanished is executed within the time of its request', async (t) => {
  // The server may hold its locks until a statement and a rest have ended; a retry that began before waits for a lock in
  // vain once more, and pauses.
  const lockIsFree = Math.max(roundTrip, statement + idleInTransaction)
  t.ok(lockIsFree + lock + MAX_BACKOFF_MS < request)
})

t.test('a batch is over long before what it wrote counts as settled', async (t) => {
  // From its clock on: what is known is read, refusals are kept, and it is written; in between it rests.
  const [statements, rests] = [9, 3]
  t.ok(2 * (statements * statement + rests * idleInTransaction) < TIMEOUTS_MS.settled)
})

t.test(
  'a connection that is made in its time, and the two round trips of a batch, fit into the time of a request',
  async (t) => {
    t.ok(open + 2 * roundTrip <= request)
    t.ok(TIMEOUTS_MS.keySet < request, 'and so does fetching the keys that its token is checked with')
  },
)

t.test('HTTP cuts nothing that the service would still answer', async (t) => {
  t.ok(httpRequest + request < httpConnection, 'a request that came slowly and is answered late')
  t.ok(
    MAX_FEED_WAIT_S * 1000 + request < httpConnection,
    'a reader of the feed who waited in vain, and is answered late',
  )
  t.ok(
    TIMEOUTS_MS.lastRequest + TIMEOUTS_MS.standby + request + MAX_BACKOFF_MS < drain,
    'the last request on a connection',
  )
})

t.test('the right to deliver is kept through the longest message, and through every wait', async (t) => {
  const { beatMs, takeMs, stopMs } = WEBHOOK_BOUNDS
  t.ok(beatMs + TIMEOUTS_MS.webhook + request < TIMEOUTS_MS.webhookLease)
  t.ok(takeMs + roundTrip < TIMEOUTS_MS.webhookLease)
  t.ok(stopMs + roundTrip < drain)
})

t.test('the bounds and the server are made of them', async (t) => {
  for (const [name, { deadlineMs }] of Object.entries(serviceBounds(readConfig({})))) t.equal(deadlineMs, request, name)
  t.match(HTTP_TIMEOUTS, {
    requestMs: httpRequest,
    connectionMs: httpConnection,
    keepAliveMs: TIMEOUTS_MS.httpKeepAlive,
  })
  t.ok(HTTP_TIMEOUTS.requestCheckMs < request)
})
