import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { compareBig } from './big.ts'
import { type Bench, describeMachine, withBench } from './environment.ts'
import { isMet, type Row, toTable } from './figures.ts'
import { type LatencyRow, latencyRow, measureLatency } from './latency.ts'
import { compareLists, type ListFigures, listTable, measureLists } from './lists.ts'
import { compareLoneClient } from './lone-client.ts'
import { compareReads } from './reads.ts'
import { type SweepPoint, sweep } from './sweep.ts'
import { compareFresh, compareSettings, compareTransfers, type Load } from './transfers.ts'
import { uniform, zipf } from './workload.ts'

const HELP = `usage: npm run bench [-- options]

  --quick          the most telling lines, in under a minute
  --only WORDS     the parts named, of: uniform hot zipf settings reads lone fresh big lists hot-lists list-sizes
                   latency sweep
  --seconds N      how long each sample takes (default 8)
  --rounds N       how many samples, turn and turn about (default 3)
  --json FILE      where the raw samples go (default bench-results/latest.json)

The database is DATABASE_URL (a user who may create databases), or an embedded one. Needs wrk; compares with pgbench
where that is installed. Nothing else should be running.
`

const UNIFORM: Load = {
  name: 'transfers, 10 000 wallets',
  wallets: 10_000,
  pick: uniform(10_000, Math.random),
  pgbenchClients: [16, 32],
  targets: new Map([
    [64, 1.8],
    [256, 2.5],
  ]),
}
const HOT: Load = {
  name: 'transfers, 2 wallets (hot)',
  wallets: 2,
  pick: uniform(2, Math.random),
  pgbenchClients: [4, 16],
  targets: new Map([
    [64, 7.5],
    [256, 10],
  ]),
  workersTarget: 12,
}
const ZIPF: Load = {
  name: 'transfers, 100 000 wallets (Zipf)',
  wallets: 100_000,
  pick: zipf(100_000, Math.random),
  zipf: 1.001,
  pgbenchClients: [16, 32],
  targets: new Map([[256, 3]]),
}

const PARTS: Readonly<Record<string, (bench: Bench) => Promise<readonly Row[]>>> = {
  uniform: (bench) => compareTransfers(bench, UNIFORM),
  hot: (bench) => compareTransfers(bench, HOT),
  zipf: (bench) => compareTransfers(bench, ZIPF),
  settings: (bench) => compareSettings(bench, UNIFORM),
  reads: async (bench) => [await compareReads(bench, UNIFORM)],
  lone: async (bench) => [await compareLoneClient(bench, UNIFORM)],
  fresh: async (bench) => [await compareFresh(bench, UNIFORM)],
  big: (bench) => compareBig(bench),
  lists: (bench) => compareLists(bench, UNIFORM, { single: 3.5, list: 0.7 }),
  'hot-lists': (bench) => compareLists(bench, HOT, { single: 20, list: undefined }),
}
/** The parts that give no line of the table. */
const PICTURES = ['list-sizes', 'latency', 'sweep']
const QUICK = ['uniform', 'hot', 'reads', 'lone']
const QUICK_SECONDS = 2

function progress(): { say(doing: string): void; end(): void } {
  const start = performance.now()
  const line = (doing: string) => `[${String(Math.round((performance.now() - start) / 1000)).padStart(4)} s] ${doing}`
  if (!process.stderr.isTTY) return { say: (doing) => process.stderr.write(`${line(doing)}\n`), end: () => {} }
  return {
    say: (doing) => process.stderr.write(`\r\x1b[2K${line(doing)}`),
    end: () => process.stderr.write('\r\x1b[2K'),
  }
}

function positive(text: string, option: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} takes a whole number from 1`)
  return value
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'string', default: 'bench-results/latest.json' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const parts = values.only?.split(/[ ,]+/) ?? (values.quick ? QUICK : [...Object.keys(PARTS), ...PICTURES])
  const unknown = parts.find((part) => !PICTURES.includes(part) && !Object.hasOwn(PARTS, part))
  if (unknown !== undefined) throw new Error(`--only: there is no part ${unknown}\n\n${HELP}`)
  const seconds =
    values.seconds === undefined ? (values.quick ? QUICK_SECONDS : 8) : positive(values.seconds, 'seconds')
  const rounds = values.rounds === undefined ? (values.quick ? 1 : 3) : positive(values.rounds, 'rounds')

  const { say, end } = progress()
  const rows: Row[] = []
  let latencies: readonly LatencyRow[] = []
  let listSizes: readonly ListFigures[] = []
  let points: readonly SweepPoint[] = []
  const failures: string[] = []
  const damage = await withBench({ seconds, rounds, say }, async (bench) => {
    for (const part of parts) {
      try {
        if (part === 'list-sizes') {
          const { sizes, lone } = await measureLists(bench, UNIFORM)
          listSizes = sizes
          rows.push(lone)
        } else if (part === 'latency') {
          latencies = await measureLatency(bench, UNIFORM)
          rows.push(latencyRow(latencies))
        } else if (part === 'sweep') points = await sweep(bench, UNIFORM)
        else rows.push(...((await PARTS[part]?.(bench)) ?? []))
      } catch (error) {
        // The other parts' figures are worth keeping.
        failures.push(`${part}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return bench.damage
  })
  end()

  for (const what of damage) process.stdout.write(`THE LEDGER IS DAMAGED: ${what}\n`)
  for (const what of failures) process.stdout.write(`FAILED: ${what}\n`)
  if (rows.length > 0) process.stdout.write(`${toTable(rows)}\n`)
  if (listSizes.length > 0) process.stdout.write(`\n${listTable(listSizes)}\n`)
  if (latencies.length > 0) process.stdout.write(`\n${latencyTable(latencies)}\n`)
  await mkdir(dirname(values.json), { recursive: true })
  const machine = await describeMachine()
  await writeFile(
    values.json,
    `${JSON.stringify({ machine, seconds, rounds, damage, rows, listSizes, latencies, sweep: points }, null, 2)}\n`,
  )
  process.stdout.write(`\n${rows.filter(isMet).length} of ${rows.length} lines met; raw samples in ${values.json}\n`)
  process.stdout.write(
    `this was Node.js ${process.version}; docs/performance.md says what Node.js 26 reaches on a machine that does nothing else\n`,
  )
  if (damage.length > 0 || failures.length > 0) process.exitCode = 1
}

function latencyTable(latencies: readonly LatencyRow[]): string {
  const ms = (value: number) => (Number.isNaN(value) ? '' : `${value.toFixed(1)} ms`)
  const lines = latencies.map(({ batches, ...line }) =>
    [
      line.name,
      Math.round(line.offered),
      `${Math.round(line.executed)} (${(line.executed / line.peak).toFixed(2)} of the peak)`,
      ms(line.p50Ms),
      ms(line.p99Ms),
      ms(line.p999Ms),
      `${batches.sizeP50}, ${batches.sizeP99}`,
      `${batches.lockWaitPercent.toFixed(1)} %`,
      line.overloaded,
      ms(line.overloadedP50Ms),
      ms(line.overloadedP99Ms),
    ].join(' | '),
  )
  return [
    '| load | offered/s | executed/s | p50 | p99 | p99.9 | batch p50, p99 | connections waiting for a lock | 503s | their p50 | p99 |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines.map((line) => `| ${line} |`),
  ].join('\n')
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
