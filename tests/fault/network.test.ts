import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createTestDatabase } from '../support/database/database.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'
import { createProtocolRelay } from '../support/faults/protocol-relay.ts'

const WARM_MS = 1000
const RESETS = 20
const BETWEEN_MS = 100
/** Longer than a request's deadline, so that some are answered while nothing passes. */
const LONG_HOLE_MS = 8000
const SHORT_HOLE_MS = 1500
const AGAIN_MS = 2000

/** A service whose way to its database leads through a relay. */
async function startBehindRelay(t: Test) {
  const database = await createTestDatabase(t)
  const relay = await createProtocolRelay(t, database)
  return { database, relay, service: await startRestartableService(t, relay.address) }
}

t.test('connections that are reset, again and again, at any point of a batch', async (t) => {
  const { database, relay, service } = await startBehindRelay(t)
  const load = await startFaultLoad(t, { urls: [service.url] })
  await delay(WARM_MS)
  let since = 0
  for (let resets = 0; resets < RESETS; resets += 1) {
    relay.reset()
    since = performance.now()
    await delay(BETWEEN_MS)
  }
  await delay(WARM_MS)
  await load.stop()
  const fault = `connections reset, ${RESETS} times`
  await checkPromises(t, { fault, load, database, services: [service], again: { since, withinMs: 2000 } })
})

t.test('packets that vanish for a while: the requests wait, and are answered', async (t) => {
  const { database, relay, service } = await startBehindRelay(t)
  const load = await startFaultLoad(t, { urls: [service.url] })
  await delay(WARM_MS)
  relay.blackHole()
  await delay(SHORT_HOLE_MS)
  const since = performance.now()
  relay.restore()
  await delay(2 * WARM_MS)
  await load.stop()
  const fault = `packets vanish for ${SHORT_HOLE_MS / 1000} s`
  const again = { since, withinMs: AGAIN_MS }
  const figures = await checkPromises(t, { fault, load, database, services: [service], again })
  t.equal(figures.turnedAway + figures.unknown, 0, 'no one was turned away')
})

t.test('packets that vanish for longer than a request may take: 503 within the deadline', async (t) => {
  const { database, relay, service } = await startBehindRelay(t)
  const load = await startFaultLoad(t, { urls: [service.url] })
  await delay(WARM_MS)
  // At the worst moment: the batch is committed, and its answer is the first thing to vanish.
  const committed = new Promise<void>((resolve) => {
    relay.onServer(({ type, text }) => {
      if (type !== 'C' || text !== 'COMMIT') return 'pass'
      relay.blackHole()
      resolve()
      return 'drop'
    })
  })
  await committed
  await delay(LONG_HOLE_MS)
  const since = performance.now()
  relay.onServer(() => 'pass')
  relay.restore()
  await delay(2 * WARM_MS)
  await load.stop()
  const fault = `packets vanish for ${LONG_HOLE_MS / 1000} s, from a COMMIT on`
  const again = { since, withinMs: AGAIN_MS }
  const figures = await checkPromises(t, { fault, load, database, services: [service], again })
  t.ok(figures.unknownExecuted > 0, 'some were told OUTCOME_UNKNOWN and had been executed: repeating them told so')
})
