import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processMemory } from '../tests/support/process/process-memory.ts'
import { type CPUShares, watchCPU } from './cpu.ts'
import type { Bench, BenchDatabase } from './environment.ts'
import { type Row, row } from './figures.ts'
import { isInstalled, type Measured, runPgbench, runWrk, type ServiceProcess } from './programs.ts'
import { createTransfers, type PickWallet, writeRequests } from './workload.ts'

/** More than any service here answers in a second: a run never comes to the end of its requests. */
const REQUESTS_PER_SECOND = 40_000
const WARM_UP_SECONDS = 2

export interface Load {
  readonly name: string
  readonly wallets: number
  readonly pick: PickWallet
  /** Exponent of the Zipf distribution for pgbench, which takes none below 1.001. */
  readonly zipf?: number
  readonly pgbenchClients: readonly number[]
  /** How many connections, and how many times pgbench's rate they must reach. */
  readonly targets: ReadonlyMap<number, number>
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
  const ours = new Map<number, number[]>([...load.targets.keys()].map((connections) => [connections, []]))
  const theirs: number[] = []
  const hasPgbench = await isInstalled('pgbench')
  await bench.withDatabase('pgbench', async (other) => {
    if (hasPgbench) await other.fill(load.wallets)
    await bench.withDatabase('service', async (database) => {
      await database.fill(load.wallets)
      await bench.withService(database, {}, async (service) => {
        await sendTransfers(bench, service, database, load.pick, Math.max(...ours.keys()), WARM_UP_SECONDS)
        for (let round = 1; round <= bench.rounds; round += 1) {
          if (hasPgbench) {
            const rates: number[] = []
            for (const clients of load.pgbenchClients) {
              bench.say(`${load.name}, round ${round} of ${bench.rounds}: pgbench, ${clients} clients`)
              rates.push(await runPgbench(other.address, load.wallets, clients, bench.seconds, load.zipf))
            }
            theirs.push(Math.max(...rates))
          }
          for (const [connections, samples] of ours) {
            bench.say(`${load.name}, round ${round} of ${bench.rounds}: the service, ${connections} connections`)
            samples.push((await sendTransfers(bench, service, database, load.pick, connections)).perSecond)
          }
        }
      })
    })
  })
  const best = `pgbench, best of ${load.pgbenchClients.join(' and ')} clients`
  const against = hasPgbench ? best : 'pgbench is not installed'
  return [...ours].map(([connections, samples]) => {
    const target = { atLeast: load.targets.get(connections) ?? 0 }
    return row({
      name: `${load.name}, ${connections} connections`,
      against,
      unit: 'transfers/s',
      ours: samples,
      theirs,
      target,
    })
  })
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
