import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { administer } from '../support/database/database.ts'
import { isSettled, startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { backendsOf, startFaultWorld } from '../support/faults/fault-world.ts'

const WARM_MS = 500
const ROUNDS = 20
const BETWEEN_MS = 150

t.test('backends that are terminated, again and again, at any point of a batch', async (t) => {
  const { database, service } = await startFaultWorld(t)
  const load = await startFaultLoad(t, { urls: [service.url] })
  await delay(WARM_MS)
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = await backendsOf(database)
    const victims = round % 2 === 0 ? pids.slice(0, 1) : pids
    await administer(database, `SELECT pg_terminate_backend(pid) FROM unnest('{${victims.join()}}'::int[]) AS pid`)
    await delay(BETWEEN_MS)
  }
  const since = performance.now()
  await delay(WARM_MS)
  await load.stop()
  const fault = `backends terminated, ${ROUNDS} times`
  await checkPromises(t, { fault, load, database, services: [service], again: { since, withinMs: 2000 } })
  const turnedAway = load.movements.filter((movement) => !isSettled(movement))
  t.strictSame(turnedAway, [], 'no client noticed: the service settled every batch by itself')
})
