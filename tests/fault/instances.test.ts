import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startFaultWorld, startRestartableService } from '../support/faults/fault-world.ts'
import { startBalancer } from '../support/process/balancer.ts'

const WARM_MS = 1500

t.test('one instance behind a balancer is killed and started again', async (t) => {
  const { database, service } = await startFaultWorld(t)
  const balancer = await startBalancer(t, [service.url])
  const load = await startFaultLoad(t, { urls: [balancer.url] })
  await delay(WARM_MS)
  await service.current().end('SIGKILL')
  await service.start()
  const since = performance.now()
  await delay(WARM_MS)
  await load.stop()
  await checkPromises(t, {
    ...{ fault: 'kill -9 of the one instance behind a balancer', load, database, services: [service] },
    again: { since, withinMs: 2000 },
  })
})

for (const instances of [2, 4]) {
  t.test(
    `of ${instances} instances behind a balancer one is killed: the others go on, never slower than a round trip may take`,
    async (t) => {
      const { database, service } = await startFaultWorld(t)
      const others = await Promise.all(
        Array.from({ length: instances - 1 }, () => startRestartableService(t, database)),
      )
      const [doomed = service] = others
      const balancer = await startBalancer(t, [service.url, ...others.map(({ url }) => url)])
      const load = await startFaultLoad(t, { urls: [balancer.url] })
      await delay(WARM_MS)
      const since = performance.now()
      await doomed.current().end('SIGKILL')
      await delay(WARM_MS)
      await load.stop()
      const figures = await checkPromises(t, {
        ...{ fault: `kill -9 of one of ${instances} instances`, load, database, services: [service, ...others] },
        again: { since, withinMs: TIMEOUTS_MS.roundTrip },
      })
      t.equal(figures.turnedAway, 0, 'none was turned away')
      const answered = load.movements.filter(({ answer }) => answer !== undefined)
      const slowest = Math.max(...answered.map(({ sentAt, endedAt = Number.POSITIVE_INFINITY }) => endedAt - sentAt))
      t.ok(slowest <= TIMEOUTS_MS.roundTrip, `the slowest answer took ${slowest} ms`)
      const cut = load.movements.filter(({ answer }) => answer === undefined)
      // Clients of one instance go in step with its batches: all may have been asking for an ID at that moment.
      t.ok(cut.length + load.notIssued() > 0, 'some were with the one that was killed')
      t.strictSame(
        cut.filter(({ endedAt = Number.POSITIVE_INFINITY }) => endedAt > since + TIMEOUTS_MS.roundTrip),
        [],
        'and no one was cut off afterwards',
      )
    },
  )
}
