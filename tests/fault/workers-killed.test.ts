import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { eventually } from '../support/eventually.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startFaultWorld } from '../support/faults/fault-world.ts'
import { workersOf } from '../support/process/worker-processes.ts'

const WARM_MS = 1000
const WORKERS = 2

t.test('workers that are killed under load are replaced, and have written all that they acknowledged', async (t) => {
  const { database, service } = await startFaultWorld(t, { env: { WORKERS: String(WORKERS) } })
  const first = service.current().pid
  const allThere = () =>
    eventually('all workers', 10_000, async () => {
      const pids = await workersOf(first)
      return pids.length === WORKERS ? pids : undefined
    })
  const load = await startFaultLoad(t, { urls: [service.url] })
  for (let kills = 0; kills < 4; kills += 1) {
    await delay(WARM_MS)
    const pids = await allThere()
    process.kill(pids[kills % WORKERS] ?? 0, 'SIGKILL')
  }
  const since = performance.now()
  await allThere()
  await delay(WARM_MS)
  await load.stop()
  const figures = await checkPromises(t, {
    ...{ fault: 'kill -9 of one of two workers, four times', load, database, services: [service], workers: WORKERS },
    again: { since, withinMs: 2000 },
    expectedErrors: /^worker [12] ended with SIGKILL; starting another in its place$/,
  })
  t.ok(figures.unknown > 0, 'some were cut off')
})
