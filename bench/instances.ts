import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Figures, readFigures, since } from '../tests/support/http/figures.ts'
import { watchBatches } from './batches.ts'
import { type Bench, type BenchDatabase, withBench, withServices } from './environment.ts'
import { median } from './figures.ts'
import { AS_USUAL, runWrk, type ServiceProcess } from './programs.ts'
import { createTransfers, type PickWallet, uniform, writeRequests } from './workload.ts'

const HELP = `usage: npm run bench:instances [-- --seconds N --rounds N]

1, 2 and 4 instances of the service on one PostgreSQL, turn and turn about, as one Markdown table. Each instance has a load
generator to itself, and 256 connections are shared among them: a balancer would be one program more to wait for.
The database is DATABASE_URL (a user who may create databases), or an embedded one. Needs wrk. Takes under two minutes.
`
const SET_UPS = [1, 2, 4] as const
const CONNECTIONS = 256
const WARM_UP_SECONDS = 2
/** More than any set-up answers in a second: a run never comes to the end of its requests. */
const REQUESTS_PER_SECOND = 40_000
const LOCK = 'wallet_database_step_duration_seconds'
const LOADS: readonly { readonly name: string; readonly wallets: number }[] = [
  { name: '10 000 wallets', wallets: 10_000 },
  { name: '2 wallets (hot)', wallets: 2 },
]

interface Sample {
  readonly perSecond: number
  /** Of the instance that was slowest. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** The round trip that begins a batch, and waits for its wallets' locks. */
  readonly lockMeanMs: number
  readonly lockP99Ms: number
  /** Of all looks at a connection, how often it waited for another's lock. */
  readonly waitingPercent: number
}

async function measure(
  bench: Bench,
  database: BenchDatabase,
  services: readonly ServiceProcess[],
  pick: PickWallet,
  seconds = bench.seconds,
): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'wallet-bench-'))
  try {
    const next = createTransfers(pick, bench.ids)
    const files = services.map((_, index) => join(folder, String(index)))
    for (const file of files) await writeRequests(file, (REQUESTS_PER_SECOND * seconds) / services.length, next)
    const pages = () => Promise.all(services.map(({ url }) => readFigures(url)))
    const [before, writtenBefore] = [await pages(), await database.countTransfers()]
    const { result, batches } = await watchBatches(database, () =>
      Promise.all(
        services.map(({ url }, index) => runWrk(url, files[index] ?? '', CONNECTIONS / services.length, seconds)),
      ),
    )
    const [after, written] = [await pages(), (await database.countTransfers()) - writtenBefore]
    const answered = result.reduce((sum, { perSecond, refused }) => sum + perSecond * seconds - refused, 0)
    if (written < answered * 0.99) bench.damage.push(`${Math.round(answered)} answered, ${written} written`)
    return {
      perSecond: result.reduce((sum, { perSecond }) => sum + perSecond, 0),
      p50Ms: Math.max(...result.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...result.map(({ p99Ms }) => p99Ms)),
      ...lockWaits(before, after),
      waitingPercent: batches.lockWaitPercent,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** From the histograms of all instances together. */
function lockWaits(before: readonly Figures[], after: readonly Figures[]): Pick<Sample, 'lockMeanMs' | 'lockP99Ms'> {
  const differences = after.map((page, index) => since(before[index] ?? page, page))
  const total = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    differences.reduce((sum, difference) => sum + difference(name, { step: 'lock', ...labels }), 0)
  const bounds = [...new Set((after[0]?.series ?? []).flatMap(({ name, labels }) => boundOf(name, labels.le)))]
  const count = total(`${LOCK}_count`)
  const p99 = bounds.sort((a, b) => Number(a) - Number(b)).find((le) => total(`${LOCK}_bucket`, { le }) >= count * 0.99)
  return {
    lockMeanMs: (1000 * total(`${LOCK}_sum`)) / count,
    lockP99Ms: p99 === undefined ? Number.POSITIVE_INFINITY : 1000 * Number(p99),
  }
}

function boundOf(name: string, le: string | undefined): readonly string[] {
  return name === `${LOCK}_bucket` && le !== undefined && le !== '+Inf' ? [le] : []
}

/** The first n of the services that run all the time: one at rest costs nothing. */
async function compare(bench: Bench): Promise<readonly string[]> {
  const lines: string[] = []
  for (const { name, wallets } of LOADS) {
    await bench.withDatabase('instances', async (database) => {
      await database.fill(wallets)
      await withServices(bench, database, Array(Math.max(...SET_UPS)).fill(AS_USUAL), async (services) => {
        const pick = uniform(wallets, Math.random)
        await measure(bench, database, services, pick, WARM_UP_SECONDS)
        const samples = new Map(SET_UPS.map((count) => [count, [] as Sample[]]))
        for (let round = 1; round <= bench.rounds; round += 1)
          for (const [count, those] of samples) {
            bench.say(`${name}, round ${round} of ${bench.rounds}: ${count} instances`)
            those.push(await measure(bench, database, services.slice(0, count), pick))
          }
        const one = medianOf(samples.get(1) ?? [], 'perSecond')
        for (const [count, those] of samples) lines.push(toLine(name, count, those, one))
      })
    })
  }
  return lines
}

function medianOf(samples: readonly Sample[], figure: keyof Sample): number {
  return median(samples.map((sample) => sample[figure]))
}

function toLine(load: string, instances: number, samples: readonly Sample[], one: number): string {
  const perSecond = medianOf(samples, 'perSecond')
  const ms = (figure: keyof Sample) => `${medianOf(samples, figure).toFixed(1)} ms`
  const cells = [
    ...[load, instances, Math.round(perSecond), `${(perSecond / one).toFixed(2)} ×`, ms('p50Ms'), ms('p99Ms')],
    ...[ms('lockMeanMs'), `≤ ${ms('lockP99Ms')}`, `${medianOf(samples, 'waitingPercent').toFixed(1)} %`],
  ]
  return `| ${cells.join(' | ')} |`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '2' },
      help: { type: 'boolean', default: false },
    },
  })
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)]
  if (values.help || !(seconds >= 1 && rounds >= 1)) {
    process.stdout.write(HELP)
    return
  }
  const say = (doing: string) => process.stderr.write(`${doing}\n`)
  await withBench({ seconds, rounds, say }, async (bench) => {
    const lines = await compare(bench)
    for (const what of bench.damage) process.stdout.write(`THE LEDGER IS DAMAGED: ${what}\n`)
    if (bench.damage.length > 0) process.exitCode = 1
    const head =
      'wallets | instances | transfers/s | of one | p50 | p99 | lock step, mean | lock step, p99 | connections waiting for a lock'
    process.stdout.write(`| ${head} |\n|${' --- |'.repeat(head.split('|').length)}\n${lines.join('\n')}\n`)
  })
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
