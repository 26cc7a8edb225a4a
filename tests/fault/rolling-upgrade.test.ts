import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { connect } from '../../db/migrate.ts'
import { administer } from '../support/database/database.ts'
import { buildNextVersion, NEXT_MIGRATION } from '../support/database/next-version.ts'
import { eventually } from '../support/eventually.ts'
import { type FaultLoad, isSettled, startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { type RestartableService, startFaultWorld, startRestartableService } from '../support/faults/fault-world.ts'
import { startBalancer } from '../support/process/balancer.ts'
import { createClient } from '../support/process/service-client.ts'
import { runWallet } from '../support/process/service-process.ts'

const WARM_MS = 1000
const LOCKED_OUT = 3
const POLL_MS = 20

/** Two instances of this version under load, and the next version beside them. */
async function startOld(t: Test) {
  const build = await buildNextVersion(t)
  const { database, service } = await startFaultWorld(t)
  const second = await startRestartableService(t, database)
  const balancer = await startBalancer(t, [service.url, second.url])
  const load = await startFaultLoad(t, { urls: [balancer.url] })
  await delay(WARM_MS)
  return { build, database, old: [service, second] as const, balancer, load }
}

/** Asks all the time whether they are ready; says what else they answered, and of whom no more is asked. */
function watchReadiness(t: Test, services: readonly RestartableService[]) {
  const watched = new Set(services.map(({ url }) => url))
  const notReady: unknown[] = []
  const watching = Promise.all(
    [...watched].map(async (url) => {
      while (watched.has(url)) {
        const { status, text } = await createClient(url).call('GET', '/readyz')
        if (status !== 200 && watched.has(url)) notReady.push({ url, status, text })
        await delay(POLL_MS)
      }
    }),
  )
  t.teardown(() => watched.clear())
  return {
    notReady,
    async leave(url: string) {
      watched.delete(url)
    },
    watching,
  }
}

async function hasNextSchema(database: ServerAddress): Promise<boolean> {
  const rows = await administer(database, `SELECT FROM wallet_migration WHERE name = '${NEXT_MIGRATION}'`)
  return rows.length === 1
}

/** No one was told anything but that it was done or not, and everyone was told something. */
function checkAnswers(t: Test, load: FaultLoad): void {
  const failed = load.movements.filter((movement) => !isSettled(movement))
  t.strictSame(failed, [], 'every movement was answered, and none with an error')
  t.equal(load.notIssued(), 0, 'and so was every request for a transaction ID')
}

function auditAs(t: Test, build: string, database: ServerAddress) {
  return async () => {
    const { stdout } = await runWallet(t, ['audit', '--json'], { build, env: { DATABASE_URL: toURL(database) } })
    return JSON.parse(stdout)
  }
}

t.test('two instances are replaced by the next version, one by one, and no client notices', async (t) => {
  const { build, database, old, balancer, load } = await startOld(t)
  const readiness = watchReadiness(t, old)
  const services: RestartableService[] = []
  for (const retired of old) {
    const service = await startRestartableService(t, database, { build })
    services.push(service)
    t.ok(await hasNextSchema(database))
    balancer.putIn(service.url)
    await delay(WARM_MS)
    balancer.takeOut(retired.url)
    await readiness.leave(retired.url)
    const { code } = await retired.current().end('SIGTERM')
    t.equal(code, 0)
  }
  await readiness.watching
  t.strictSame(readiness.notReady, [], 'the old ones were ready to their end')
  await delay(WARM_MS)
  await load.stop()
  checkAnswers(t, load)
  const [first = old[0], ...others] = services
  const fault = 'rolling upgrade of two instances'
  const audit = auditAs(t, build, database)
  await checkPromises(t, { fault, load, database, services: [first, ...others, ...old], audit })
})

t.test('a migration that cannot have its table keeps no one waiting, and is done when it can', async (t) => {
  const { build, database, old, balancer, load } = await startOld(t)
  const reader = await connect(database)
  await reader.query('BEGIN; LOCK TABLE user_wallet IN ACCESS SHARE MODE')
  const starting = startRestartableService(t, database, { build })
  const answered = () => load.movements.filter(({ answer }) => answer !== undefined).length
  const answeredWhenItGaveUp: number[] = []
  let waiting = false
  await eventually('the migration has given up some times', 20_000, async () => {
    const [row] = await administer(
      database,
      `SELECT count(*)::int AS waiting FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted`,
    )
    const now = Number(row?.waiting) > 0
    if (waiting && !now) answeredWhenItGaveUp.push(answered())
    waiting = now
    return answeredWhenItGaveUp.length >= LOCKED_OUT ? true : undefined
  })
  t.notOk(await hasNextSchema(database))
  t.equal(new Set(answeredWhenItGaveUp).size, LOCKED_OUT, 'between its attempts clients are answered')
  await reader.query('ROLLBACK')
  await reader.end()
  const service = await starting
  balancer.putIn(service.url)
  t.ok(await hasNextSchema(database))
  await delay(WARM_MS)
  await load.stop()
  checkAnswers(t, load)
  const fault = 'migration of a table that someone reads'
  const audit = auditAs(t, build, database)
  await checkPromises(t, { fault, load, database, services: [service, ...old], audit })
})
