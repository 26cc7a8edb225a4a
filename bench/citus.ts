import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { auditLedger } from '../audit/audit.ts'
import { describeFinding } from '../audit/report.ts'
import { toURL } from '../db/address.ts'
import { connect } from '../db/migrate.ts'
import { createSignedTransactionIDs } from '../src/adapters/signed-transaction-ids/transaction-ids.ts'
import { KEY_BYTES } from '../src/ports/transaction-ids.ts'
import { findCitus } from '../tests/support/citus/citus-server.ts'
import { withLifetime } from '../tests/support/lifetime.ts'
import { type CitusSample, summarize, toTable } from './citus-figures.ts'
import { citusCluster, type MeasuredCluster, plainCluster } from './cluster.ts'
import { serverCPUSeconds } from './cpu.ts'
import { describeMachine } from './environment.ts'
import { countTransfers, fillWallets } from './ledger.ts'
import { type ServiceProcess, startServiceProcess } from './programs.ts'
import { sendTransfers } from './transfers.ts'
import { uniform } from './workload.ts'

const HELP = `usage: npm run bench:citus [-- options]

  --seconds N      how long each sample takes (default 8)
  --rounds N       how many samples, turn and turn about (default 3)
  --shards LIST    over how many shards the tables are distributed (default 8,32)
  --json FILE      where the figures go (default bench-results/citus.json)

Transfers a second on PostgreSQL alone and on the Citus of CITUS_URL, all of whose nodes run on this machine, and the CPU
time that each part spends on a transfer. The plain server is of the same make as the coordinator. Needs wrk. Nothing else
should be running.
`

const LOADS = [
  { load: '10 000 wallets', wallets: 10_000 },
  { load: '2 wallets (hot)', wallets: 2 },
] as const
const CONNECTIONS = [64, 256] as const
const WARM_UP_SECONDS = 2

interface Options {
  readonly seconds: number
  readonly rounds: number
  readonly shards: readonly number[]
  readonly json: string
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** A cluster with a service on it, filled with wallets. */
async function measure(cluster: MeasuredCluster, wallets: number, load: string, options: Options) {
  const { rounds, seconds } = options
  const key = randomBytes(KEY_BYTES)
  const client = await connect(cluster.address)
  const service = await startServiceProcess({
    DATABASE_URL: toURL(cluster.address),
    TRANSACTION_ID_KEY: key.toString('base64'),
  })
  const bench = { ids: createSignedTransactionIDs([key]), seconds, damage: [] as string[] }
  const database = { countTransfers: () => countTransfers(client) }
  const pick = uniform(wallets, Math.random)
  const samples: CitusSample[] = []
  try {
    await fillWallets(client, wallets, () => {})
    await client.query('ANALYZE')
    await sendTransfers(bench, service, database, pick, Math.max(...CONNECTIONS), WARM_UP_SECONDS)
    for (let round = 1; round <= rounds; round += 1)
      for (const connections of CONNECTIONS) {
        say(`${cluster.name}, ${load}, round ${round} of ${rounds}: ${connections} connections`)
        const before = await spent(cluster, service)
        const sent = await sendTransfers(bench, service, database, pick, connections)
        const after = await spent(cluster, service)
        const transfers = sent.perSecond * seconds
        const cpuMicros = Object.fromEntries(
          Object.entries(cluster.servers).map(([name]) => [
            name,
            (1e6 * ((after.cpuSeconds[name] ?? 0) - (before.cpuSeconds[name] ?? 0))) / transfers,
          ]),
        )
        samples.push({
          ...{ where: cluster.name, load, wallets, shards: cluster.shards, connections },
          ...{ perSecond: sent.perSecond, p50Ms: sent.p50Ms, p99Ms: sent.p99Ms },
          batch: (after.commands - before.commands) / (after.batches - before.batches),
          cpuMicros: { service: sent.cpuMicros, ...cpuMicros },
        })
      }
    const { findings } = await auditLedger(cluster.address)
    const damage = [...bench.damage, ...findings.map((finding) => `${finding.check}: ${describeFinding(finding)}`)]
    return { samples, damage }
  } finally {
    await service.stop()
    await client.end()
  }
}

/** What the service and the servers have done so far. */
async function spent(cluster: MeasuredCluster, service: ServiceProcess) {
  const cpuSeconds: Record<string, number> = {}
  for (const [name, folder] of Object.entries(cluster.servers)) cpuSeconds[name] = await serverCPUSeconds(folder)
  const page = await (await fetch(`${service.url}/metrics`)).text()
  const metric = (name: string) => Number(new RegExp(`^${name}\\{queue="write"\\} (\\S+)$`, 'm').exec(page)?.[1] ?? 0)
  return { cpuSeconds, commands: metric('wallet_batch_size_sum'), batches: metric('wallet_batch_size_count') }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '3' },
      shards: { type: 'string', default: '8,32' },
      json: { type: 'string', default: 'bench-results/citus.json' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return void process.stdout.write(HELP)
  const options: Options = {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    shards: values.shards.split(',').map(Number),
    json: values.json,
  }
  if (![options.seconds, options.rounds, ...options.shards].every((value) => Number.isInteger(value) && value > 0))
    throw new Error(HELP)
  const nodes = await findCitus(process.env)
  const samples: CitusSample[] = []
  const damage: string[] = []
  for (const { load, wallets } of LOADS)
    for (const open of [
      (t: Parameters<typeof plainCluster>[0]) => plainCluster(t, nodes.coordinator),
      ...options.shards.map((shards) => (t: Parameters<typeof citusCluster>[0]) => citusCluster(t, nodes, shards)),
    ])
      await withLifetime(async (lifetime) => {
        const measured = await measure(await open(lifetime), wallets, load, options)
        samples.push(...measured.samples)
        damage.push(...measured.damage)
      })
  const rows = summarize(samples)
  for (const what of damage) process.stdout.write(`THE LEDGER IS DAMAGED: ${what}\n`)
  process.stdout.write(`${toTable(rows)}\n`)
  await mkdir(dirname(options.json), { recursive: true })
  await writeFile(
    options.json,
    `${JSON.stringify({ machine: await describeMachine(), ...options, rows, samples }, null, 2)}\n`,
  )
  if (damage.length > 0) process.exitCode = 1
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
})
