import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { CitusSample } from '../citus-figures.ts'
import { costsFrom } from './scaling-costs.ts'
import { type Cluster, type Costs, type Simulated, simulate } from './scaling-model.ts'

const HELP = `usage: npm run bench:scaling -- [options]

  --figures FILE       what npm run bench:citus measured (default bench-results/citus.json)
  --costs FILE         costs as JSON, in place of what follows from the figures
  --flush MICROS       how long a flush of the log takes (default 1000)
  --round-trip MICROS  between two nodes of a cluster (default 200); on one machine it is 30
  --client MICROS      CPU of the load generator for each transfer, which shares the one machine (default 20)
  --seconds N          simulated, for each line (default 5)
  --seed N             (default 1)

Simulates the three nodes first, and compares that with what was measured there; then 4, 16 and 64 workers.
`

/** What one machine of a cluster is taken to have, and a cluster for each worker. */
const CORES = 8
const CLIENTS_PER_WORKER = 512
const SHARDS_PER_WORKER = 4
const WALLETS = 1_000_000
const WORKERS = [4, 16, 64]
const HOT_SHARES = [0, 0.1]
const ONE_MACHINE_ROUND_TRIP = 30
const TWO_CORES = 2

const table = (head: readonly string[], lines: readonly (readonly (string | number)[])[]) =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const percent = (share: number) => `${Math.round(100 * share)} %`

/** The part that has the least left. */
function endsFirst({ busy }: Simulated): string {
  const [first] = Object.entries(busy).sort(([, a], [, b]) => b - a)
  return first === undefined ? '' : `${first[0]} (${percent(first[1])})`
}

interface Options {
  readonly seconds: number
  readonly seed: number
  readonly roundTrip: number
  readonly client: number
}

/** The three nodes as they were measured: everything on one machine. */
function threeNodes(costs: Costs, samples: readonly CitusSample[], { seconds, seed, client }: Options): string {
  const serviceTransfer = costs.serviceTransfer + client
  const here = { ...costs, serviceTransfer, roundTrip: ONE_MACHINE_ROUND_TRIP }
  const lines = samples.flatMap(({ load, wallets, shards, connections, perSecond, batch }) => {
    if (shards === undefined) return []
    const cluster: Cluster = {
      ...{ workers: 2, shards, cores: TWO_CORES, services: 1, lanes: 2, batchMax: 512 },
      ...{ through: 'coordinator', oneMachine: true },
    }
    const simulated = simulate(here, cluster, { clients: connections, wallets, hotShare: 0 }, seconds, seed)
    const rates = [Math.round(perSecond), Math.round(simulated.perSecond), (simulated.perSecond / perSecond).toFixed(2)]
    return [[load, shards, connections, ...rates, batch.toFixed(0), simulated.batch.toFixed(0)]]
  })
  const head = ['load', 'shards', 'connections', 'measured/s', 'simulated/s', 'ratio', 'batch', 'simulated']
  return table(head, lines)
}

function larger(costs: Costs, { seconds, seed, roundTrip }: Options): string {
  const lines = WORKERS.flatMap((workers) =>
    (['coordinator', 'every node'] as const).flatMap((through) =>
      HOT_SHARES.map((hotShare) => {
        const cluster: Cluster = {
          ...{ workers, shards: workers * SHARDS_PER_WORKER, cores: CORES, services: workers, lanes: 2, batchMax: 512 },
          through,
        }
        const load = { clients: workers * CLIENTS_PER_WORKER, wallets: WALLETS, hotShare }
        const simulated = simulate({ ...costs, roundTrip }, cluster, load, seconds, seed)
        const { perSecond, meanMs, batch } = simulated
        const figures = [Math.round(perSecond), `${meanMs.toFixed(0)} ms`, batch.toFixed(0), endsFirst(simulated)]
        return [workers, through, percent(hotShare), ...figures]
      }),
    ),
  )
  return table(['workers', 'through', 'with the hot wallet', 'transfers/s', 'mean', 'batch', 'busiest'], lines)
}

function positive(text: string, option: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${option} takes a number above 0\n\n${HELP}`)
  return value
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      figures: { type: 'string', default: 'bench-results/citus.json' },
      costs: { type: 'string' },
      flush: { type: 'string', default: '1000' },
      'round-trip': { type: 'string', default: '200' },
      client: { type: 'string', default: '20' },
      seconds: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const roundTrip = positive(values['round-trip'], 'round-trip')
  const options = {
    ...{ seconds: positive(values.seconds, 'seconds'), seed: positive(values.seed, 'seed') },
    ...{ client: positive(values.client, 'client'), roundTrip },
  }
  const figures = await readFile(values.figures, 'utf8').catch(() => undefined)
  const samples: readonly CitusSample[] = figures === undefined ? [] : JSON.parse(figures).rows
  const costs: Costs =
    values.costs === undefined
      ? costsFrom(samples, { roundTrip, flush: positive(values.flush, 'flush') })
      : JSON.parse(await readFile(values.costs, 'utf8'))
  process.stdout.write(`costs: ${JSON.stringify(costs, null, 2)}\n\n`)
  if (samples.length > 0) process.stdout.write(`${threeNodes(costs, samples, options)}\n\n`)
  process.stdout.write(`${larger(costs, options)}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
