import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { processMemory } from '../tests/support/process/process-memory.ts'
import { NODE_FLAGS } from '../tests/support/process/service-process.ts'
import { type CPUShares, watchCPU } from './cpu.ts'
import { type Bench, type BenchDatabase, withServices } from './environment.ts'
import { type Row, row } from './figures.ts'
import { isInstalled, type Measured, runPgbench, runWrk, type ServiceProcess, type Variant } from './programs.ts'
import { createTransfers, type PickWallet, writeRequests } from './workload.ts'

/** More than any service here answers in a second: a run never comes to the end of its requests. */
const REQUESTS_PER_SECOND = 40_000
const WARM_UP_SECONDS = 2
const WORKERS = 2

export interface Load {
  readonly name: string
  readonly wallets: number
  readonly pick: PickWallet
  /** Exponent of the Zipf distribution for pgbench, which takes none below 1.001. */
  readonly zipf?: number
  readonly pgbenchClients: readonly number[]
  /** How many connections, and how many times pgbench's rate they must reach. */
  readonly targets: ReadonlyMap<number, number>
  /** Of two workers at the most connections; not measured if left out. */
  readonly workersTarget?: number
}

/** Sends transfers for a while, and counts in the database what was really written. */
export async function sendTransfers(
  bench: Pick<Bench, 'ids' | 'seconds' | 'damage'>,
  service: ServiceProcess,
  database: Pick<BenchDatabase, 'countTransfers'>,
  pick: PickWallet,
  connections: number,
  seconds = bench.seconds,
  { pauseMs }: { readonly pauseMs?: number } = {},
): Promise<Measured & CPUShares> {
  const folder = await mkdtemp(join(tmpdir(), 'wallet-bench-'))
  try {
    const file = join(folder, 'requests')
    await writeRequests(file, REQUESTS_PER_SECOND * seconds, createTransfers(pick, bench.ids))
    const before = await database.countTransfers()
    const { result: measured, shares } = await watchCPU(service, () =>
      runWrk(service.url, file, connections, seconds, pauseMs),
    )
    const written = (await database.countTransfers()) - before
    const answered = measured.perSecond * seconds - measured.refused
    if (written < answered * 0.99) bench.damage.push(`${Math.round(answered)} answered, ${written} written`)
    return { ...measured, ...shares(written) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The service against pgbench, turn and turn about. */
export async function compareTransfers(bench: Bench, load: Load): Promise<readonly Row[]> {
  const ways: Way[] = [...load.targets].map(([connections, atLeast]) => ({
    connections,
    workers: 1,
    atLeast,
    samples: [],
  }))
  const most = Math.max(...load.targets.keys())
  if (load.workersTarget !== undefined)
    ways.push({ connections: most, workers: WORKERS, atLeast: load.workersTarget, samples: [] })
  const counts = [...new Set(ways.map(({ workers }) => workers))]
  const theirs: number[] = []
  const hasPgbench = await isInstalled('pgbench')
  await bench.withDatabase('pgbench', async (other) => {
    if (hasPgbench) await other.fill(load.wallets)
    await bench.withDatabase('service', async (database) => {
      await database.fill(load.wallets)
      await withServices(bench, database, counts.map(withWorkers), async (services) => {
        const send = (way: Way, seconds?: number) => {
          const service = services[counts.indexOf(way.workers)]
          if (service === undefined) throw new Error(`there is no service with ${way.workers} workers`)
          return sendTransfers(bench, service, database, load.pick, way.connections, seconds)
        }
        for (const way of ways) await send(way, WARM_UP_SECONDS)
        for (let round = 1; round <= bench.rounds; round += 1) {
          const say = (what: string) => bench.say(`${load.name}, round ${round} of ${bench.rounds}: ${what}`)
          if (hasPgbench) theirs.push(await bestOfPgbench(bench, other, load, say))
          for (const way of ways) {
            say(`the service, ${describeWay(way)}`)
            way.samples.push((await send(way)).perSecond)
          }
        }
      })
    })
  })
  const best = `pgbench, best of ${load.pgbenchClients.join(' and ')} clients`
  const against = hasPgbench ? best : 'pgbench is not installed'
  return ways.map((way) =>
    row({
      name: `${load.name}, ${describeWay(way)}`,
      against,
      unit: 'transfers/s',
      ours: way.samples,
      theirs,
      target: { atLeast: way.atLeast },
    }),
  )
}

async function bestOfPgbench(
  bench: Bench,
  { address }: BenchDatabase,
  { wallets, pgbenchClients, zipf }: Load,
  say: (what: string) => void,
): Promise<number> {
  const rates: number[] = []
  for (const clients of pgbenchClients) {
    say(`pgbench, ${clients} clients`)
    rates.push(await runPgbench(address, wallets, clients, bench.seconds, zipf))
  }
  return Math.max(...rates)
}

/** How transfers are sent, and to how many workers. */
interface Way {
  readonly connections: number
  readonly workers: number
  readonly atLeast: number
  readonly samples: number[]
}

function withWorkers(workers: number): Variant {
  const settings = { WORKERS: String(workers) }
  return { name: `WORKERS=${workers}`, program: process.execPath, flags: NODE_FLAGS, folder: resolve('.'), settings }
}

function describeWay({ connections, workers }: Way): string {
  return `${connections} connections${workers === 1 ? '' : `, WORKERS=${workers}`}`
}

/** What gathering gains on its own, and what many connections cost. */
export async function compareSettings(bench: Bench, load: Load): Promise<readonly Row[]> {
  return bench.withDatabase('settings', async (database) => {
    await database.fill(load.wallets)
    const samples = { batched: [] as number[], one: [] as number[], many: [] as number[] }
    let memoryMB = 0
    for (let round = 1; round <= bench.rounds; round += 1) {
      const say = (what: string) => bench.say(`${what}, round ${round} of ${bench.rounds}`)
      await bench.withService(database, {}, async (service) => {
        say('256 connections')
        await sendTransfers(bench, service, database, load.pick, 256, WARM_UP_SECONDS)
        samples.batched.push((await sendTransfers(bench, service, database, load.pick, 256)).perSecond)
        say('1024 connections')
        samples.many.push((await sendTransfers(bench, service, database, load.pick, 1024)).perSecond)
        memoryMB = Math.max(memoryMB, Math.round((await processMemory(service.pid)).mostMB))
      })
      await bench.withService(database, { BATCH_MAX: '1', LANES: '16' }, async (service) => {
        say('a batch of 1')
        samples.one.push((await sendTransfers(bench, service, database, load.pick, 256)).perSecond)
      })
    }
    const unit = 'transfers/s'
    return [
      row({
        name: 'batches, 256 connections',
        against: 'batches of 1, 16 connections',
        unit,
        ours: samples.batched,
        theirs: samples.one,
        target: undefined,
      }),
      row({
        name: '1024 connections',
        against: '256 connections',
        unit,
        ours: samples.many,
        theirs: samples.batched,
        target: { atLeast: 0.9 },
      }),
      row({
        name: 'memory at 1024 connections',
        against: '450 MB',
        unit: 'MB',
        ours: [memoryMB],
        theirs: [450],
        target: { atMost: 1 },
      }),
    ]
  })
}

/** The first seconds on a database that was empty when the service prepared its statements. */
export async function compareFresh(bench: Bench, load: Load): Promise<Row> {
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 1; round <= bench.rounds; round += 1) {
    await bench.withDatabase('fresh', (database) =>
      bench.withService(database, {}, async (service) => {
        await database.fill(load.wallets)
        bench.say(`a fresh database, round ${round} of ${bench.rounds}: the first seconds`)
        ours.push((await sendTransfers(bench, service, database, load.pick, 256, 10)).perSecond)
        await database.query('ANALYZE')
        bench.say(`a fresh database, round ${round} of ${bench.rounds}: steady`)
        theirs.push((await sendTransfers(bench, service, database, load.pick, 256, 10)).perSecond)
      }),
    )
  }
  return row({
    name: 'the first 10 s on a fresh database',
    against: 'the 10 s after',
    unit: 'transfers/s',
    ours,
    theirs,
    target: { atLeast: 0.9 },
  })
}
