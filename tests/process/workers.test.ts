import { join } from 'node:path'
import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { readFigures } from '../support/http/figures.ts'
import { createClient } from '../support/process/service-client.ts'
import { runServiceToEnd, type ServiceProcess, startServiceProcess } from '../support/process/service-process.ts'
import { isAlive, workersOf } from '../support/process/worker-processes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const WORKERS = 3
const PATIENCE_MS = 20_000

async function startWorkers(t: Test, env: Readonly<Record<string, string>> = {}): Promise<ServiceProcess> {
  const database = env.DATA_DIR === undefined ? { DATABASE_URL: toURL(await createTestDatabase(t)) } : {}
  const service = await startServiceProcess(t, { env: { ...database, WORKERS: String(WORKERS), ...env } })
  await allListen(service)
  return service
}

/** Each says so once, and so does one that takes another's place. */
function allListen(service: ServiceProcess, times = WORKERS): Promise<true> {
  return eventually(`${times} workers that listen`, PATIENCE_MS, () =>
    linesOf(service).filter(({ worker, msg }) => worker !== undefined && /^listening at /.test(msg)).length >= times
      ? true
      : undefined,
  )
}

interface Line {
  readonly msg: string
  readonly worker?: number
  readonly level: number
}

function linesOf(service: ServiceProcess): readonly Line[] {
  const whole = service.log().split('\n').slice(0, -1)
  return whole.map((line) => JSON.parse(line))
}

/** A movement on a connection of its own, so that the workers take turns. */
async function deposit(url: string): Promise<number> {
  const client = createClient(url)
  return (await client.deposit('ann', 1, await client.issue('ann'))).status
}

t.test(
  'workers share one port and one ledger, each line of the log says whose it is, and SIGTERM ends all',
  async (t) => {
    const service = await startWorkers(t)
    const pids = await workersOf(service.pid)
    t.equal(pids.length, WORKERS)
    await createClient(service.url).open('ann')
    const statuses = await Promise.all(Array.from({ length: 30 }, () => deposit(service.url)))
    t.strictSame(new Set(statuses), new Set([200]))
    t.match((await createClient(service.url).wallet('ann')).body, { balance: 30, version: 30 })
    const { code, stderr } = await service.end('SIGTERM')
    t.equal(code, 0)
    t.equal(stderr, '')
    t.strictSame(pids.filter(isAlive), [], 'none is left')
    const requests = linesOf(service).filter(({ msg }) => msg === 'request')
    t.equal(new Set(requests.map(({ worker }) => worker)).size, WORKERS, 'all of them answered')
    const stopped = linesOf(service).filter(({ msg }) => msg === 'stopped')
    t.equal(stopped.length, WORKERS + 1)
  },
)

t.test(
  'the figures of all workers are added up, whichever is asked, and those of one that ended still count',
  async (t) => {
    const service = await startWorkers(t)
    await createClient(service.url).open('ann')
    await Promise.all(Array.from({ length: 30 }, () => deposit(service.url)))
    const pages = await Promise.all(Array.from({ length: 2 * WORKERS }, () => readFigures(service.url)))
    const executed = (page: (typeof pages)[number]) =>
      page.sum('wallet_outcomes_total', { outcome: 'executed', replayed: 'false' })
    t.strictSame(new Set(pages.map(executed)), new Set([30]))
    t.equal(pages[0]?.sum('wallet_build_info'), WORKERS)

    const [victim = 0] = await workersOf(service.pid)
    process.kill(victim, 'SIGKILL')
    await allListen(service, WORKERS + 1)
    const after = await readFigures(service.url)
    t.equal(executed(after), 30, 'no counter goes back')
    t.equal(after.sum('wallet_build_info'), WORKERS)
    t.match(
      linesOf(service).find(({ level }) => level > 40),
      { msg: /^worker [1-3] ended with SIGKILL; starting another in its place$/ },
    )
  },
)

t.test('without the first process the workers end', async (t) => {
  const service = await startWorkers(t)
  const pids = await workersOf(service.pid)
  await service.end('SIGKILL')
  await eventually('the end of all workers', PATIENCE_MS, () => (pids.some(isAlive) ? undefined : true))
})

t.test('workers share an embedded PostgreSQL, which ends after them', async (t) => {
  const service = await startWorkers(t, { DATA_DIR: join(await temporaryFolder(t), 'data') })
  t.equal((await createClient(service.url).open('ann')).status, 201)
  t.equal(await deposit(service.url), 200)
  t.equal((await service.end('SIGTERM')).code, 0)
})

t.test('what keeps the workers from starting is told once, and ends all', async (t) => {
  const { url } = await startWorkers(t)
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)), WORKERS: String(WORKERS), PORT: new URL(url).port }
  const { code, stderr } = await runServiceToEnd(t, { env })
  t.equal(code, 1)
  t.match(stderr, /^[^\n]*EADDRINUSE[^\n]*: something else listens there; set PORT to another one\n$/)
})
