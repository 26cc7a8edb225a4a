import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startFaultWorld } from '../support/faults/fault-world.ts'

const WARM_MS = 1000

t.test('a service that is killed under load has written all that it acknowledged, and the rest settles', async (t) => {
  const { database, service } = await startFaultWorld(t)
  const load = await startFaultLoad(t, { urls: [service.url] })
  for (let kills = 0; kills < 3; kills += 1) {
    await delay(WARM_MS)
    await service.current().end('SIGKILL')
    await service.start()
  }
  const since = performance.now()
  await delay(WARM_MS)
  await load.stop()
  const fault = 'kill -9 of the service, three times'
  const figures = await checkPromises(t, {
    ...{ fault, load, database, services: [service] },
    again: { since, withinMs: 2000 },
  })
  t.ok(figures.unknown > 0, 'some were cut off')
})
