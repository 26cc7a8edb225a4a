import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CPUShares, watchCPU } from './cpu.ts'
import type { Bench, BenchDatabase } from './environment.ts'
import { type Row, row } from './figures.ts'
import { isInstalled, type Measured, runPgbench, runWrk, type ServiceProcess } from './programs.ts'
import { type Load, sendTransfers } from './transfers.ts'
import { createLists, type PickWallet, writeRequests } from './workload.ts'

const CONNECTIONS = 8
/** How many may wait unless the service was told otherwise: long lists of more connections would be turned away. */
const QUEUE_MAX = 4096
const SIZE = 100
/** More than any service here executes in a second. */
const TRANSFERS_PER_SECOND = 60_000
const WARM_UP_SECONDS = 2
const SQL_LIST = { script: 'bench/pgbench-list.sql', transfers: SIZE, clients: 8 }

export interface ListTargets {
  /** How many times the rate of pgbench with one transaction a transfer. */
  readonly single: number
  /** And of pgbench with one statement for a list. */
  readonly list: number | undefined
}

/** How lists of one size fare. */
export interface ListFigures {
  readonly size: number
  readonly connections: number
  readonly transfersPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Sends lists of transfers for a while; the rate is that of transfers that were really written. */
export async function sendLists(
  bench: Bench,
  service: ServiceProcess,
  database: BenchDatabase,
  pick: PickWallet,
  { size = SIZE, connections = CONNECTIONS, seconds = bench.seconds } = {},
): Promise<Measured & CPUShares> {
  const folder = await mkdtemp(join(tmpdir(), 'wallet-bench-'))
  try {
    const file = join(folder, 'requests')
    await writeRequests(file, Math.ceil((TRANSFERS_PER_SECOND * seconds) / size), createLists(pick, bench.ids, size))
    const before = await database.countTransfers()
    const { result: measured, shares } = await watchCPU(service, () => runWrk(service.url, file, connections, seconds))
    const written = (await database.countTransfers()) - before
    const answered = measured.perSecond * seconds * size
    if (measured.refused === 0 && written < answered * 0.99)
      bench.damage.push(`${Math.round(answered)} answered in lists, ${written} written`)
    return { ...measured, ...shares(written), perSecond: written / seconds }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Lists of 100 from 8 connections, against what PostgreSQL alone does, turn and turn about. */
export async function compareLists(bench: Bench, load: Load, targets: ListTargets): Promise<readonly Row[]> {
  if (!(await isInstalled('pgbench'))) throw new Error('pgbench is not installed')
  const ours: number[] = []
  const single: number[] = []
  const list: number[] = []
  await bench.withDatabase('pgbench', async (other) => {
    await other.fill(load.wallets)
    await bench.withDatabase('lists', async (database) => {
      await database.fill(load.wallets)
      await bench.withService(database, {}, async (service) => {
        await sendLists(bench, service, database, load.pick, { seconds: WARM_UP_SECONDS })
        for (let round = 1; round <= bench.rounds; round += 1) {
          const say = (what: string) => bench.say(`lists of ${load.name}, round ${round} of ${bench.rounds}: ${what}`)
          const rates: number[] = []
          for (const clients of load.pgbenchClients) {
            say(`pgbench, ${clients} clients`)
            rates.push(await runPgbench(other.address, load.wallets, clients, bench.seconds, load.zipf))
          }
          single.push(Math.max(...rates))
          say('pgbench, a list a statement')
          const lists = await runPgbench(
            other.address,
            load.wallets,
            SQL_LIST.clients,
            bench.seconds,
            0,
            SQL_LIST.script,
          )
          list.push(lists * SQL_LIST.transfers)
          say('the service')
          ours.push((await sendLists(bench, service, database, load.pick)).perSecond)
        }
      })
    })
  })
  const name = `${load.name}, lists of ${SIZE} from ${CONNECTIONS} connections`
  const unit = 'transfers/s'
  return [
    row({
      name,
      against: 'pgbench, a transaction each',
      unit,
      ours,
      theirs: single,
      target: { atLeast: targets.single },
    }),
    row({
      ...{ name, against: `pgbench, ${SIZE} in one statement`, unit, ours, theirs: list },
      target: targets.list === undefined ? undefined : { atLeast: targets.list },
    }),
  ]
}

/** Lists of several sizes, and what four clients with long ones cost a lone transfer. */
export async function measureLists(bench: Bench, load: Load): Promise<{ sizes: ListFigures[]; lone: Row }> {
  return bench.withDatabase('sizes', async (database) => {
    await database.fill(load.wallets)
    return bench.withService(database, {}, async (service) => {
      await sendLists(bench, service, database, load.pick, { seconds: WARM_UP_SECONDS })
      const sizes: ListFigures[] = []
      for (const size of [1, 10, 100, 1000]) {
        bench.say(`lists of ${size}`)
        const connections = Math.min(CONNECTIONS, Math.floor(QUEUE_MAX / size))
        const { perSecond, p50Ms, p99Ms } = await sendLists(bench, service, database, load.pick, { size, connections })
        sizes.push({ size, connections, transfersPerSecond: perSecond, p50Ms, p99Ms })
      }
      const [alone, beside]: [number[], number[]] = [[], []]
      for (let round = 1; round <= bench.rounds; round += 1) {
        bench.say(`a lone transfer, round ${round} of ${bench.rounds}`)
        alone.push((await sendLoneTransfers(bench, service, database, load.pick)).p99Ms)
        bench.say(`a lone transfer beside lists of 1000, round ${round} of ${bench.rounds}`)
        beside.push((await sendBesideLists(bench, service, database, load.pick)).p99Ms)
      }
      const against = 'alone'
      const name = 'a lone transfer beside 4 clients with lists of 1000, p99'
      const lone = row({ name, against, unit: 'ms', ours: beside, theirs: alone, target: { atMost: 5 } })
      return { sizes, lone }
    })
  })
}

/** One client, which pauses between its transfers. */
export function sendLoneTransfers(
  ...[bench, service, database, pick]: Parameters<typeof sendLists>
): ReturnType<typeof sendTransfers> {
  return sendTransfers(bench, service, database, pick, 1, bench.seconds, { pauseMs: 10 })
}

/** The same while four others send long lists. */
export async function sendBesideLists(
  ...[bench, service, database, pick]: Parameters<typeof sendLists>
): ReturnType<typeof sendTransfers> {
  const lists = sendLists(bench, service, database, pick, { size: 1000, connections: 4 })
  const measured = await sendLoneTransfers(bench, service, database, pick)
  await lists
  return measured
}

/** As a table in Markdown. */
export function listTable(sizes: readonly ListFigures[]): string {
  const [one] = sizes
  const lines = sizes.map(({ size, connections, transfersPerSecond, p50Ms, p99Ms }) => {
    const gain = transfersPerSecond / (one?.transfersPerSecond ?? Number.NaN)
    return `| ${size} | ${connections} | ${Math.round(transfersPerSecond)} | ${gain.toFixed(1)} × | ${p50Ms.toFixed(1)} ms | ${p99Ms.toFixed(1)} ms |`
  })
  return [
    '| items a list | connections | transfers/s | against lists of 1 | p50 of a list | p99 |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n')
}
