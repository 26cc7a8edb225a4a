import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { processMemory } from '../tests/support/process/process-memory.ts'
import { NODE_FLAGS } from '../tests/support/process/service-process.ts'
import { workersOf } from '../tests/support/process/worker-processes.ts'
import { type Bench, type BenchDatabase, withBench, withServices } from './environment.ts'
import { median } from './figures.ts'
import { sendBesideLists, sendLists, sendLoneTransfers } from './lists.ts'
import type { ServiceProcess, Variant } from './programs.ts'
import { sendTransfers } from './transfers.ts'
import { type PickWallet, uniform } from './workload.ts'

const HELP = `usage: npm run bench:variants -- [options] VARIANT VARIANT...

Several ways to run the service, turn and turn about on one database; every figure is given against the first one's.
A variant is NAME=[PROGRAM] [FLAGS] [SETTING=VALUE] [@FOLDER]: a Node.js, if not this one; its flags, if not those of
"npm start"; settings of the service; and where another checkout was built. For example

  npm run bench:variants -- now= flags=--max-semi-space-size=16 26=/opt/node26/bin/node "lanes=LANES=3" before=@../before

  --loads WORDS    of: 64 256 1024 hot lists hot-lists, and one client's transfers: lone, and beside
                   four others that send lists of 1000 (default: all)
  --seconds N      how long each sample takes (default 4)
  --rounds N       how many samples of each (default 3)

The database is DATABASE_URL (a user who may create databases), or an embedded one. Needs wrk. Nothing else should be running.
`
const WARM_UP_SECONDS = 2

interface Sample {
  readonly perSecond: number
  readonly cpuMicros: number
  readonly postgresMicros: number
  readonly p99Ms: number
}

interface Load {
  readonly wallets: number
  send(bench: Bench, service: ServiceProcess, database: BenchDatabase, pick: PickWallet): Promise<Sample>
}

const transfers = (wallets: number, connections: number): Load => ({
  wallets,
  send: (bench, service, database, pick) => sendTransfers(bench, service, database, pick, connections),
})
const lists = (wallets: number): Load => ({ wallets, send: sendLists })

const LOADS: Readonly<Record<string, Load>> = {
  64: transfers(10_000, 64),
  256: transfers(10_000, 256),
  1024: transfers(10_000, 1024),
  hot: transfers(2, 256),
  lists: lists(10_000),
  'hot-lists': lists(2),
  lone: { wallets: 10_000, send: sendLoneTransfers },
  beside: { wallets: 10_000, send: sendBesideLists },
}

function readVariant(text: string): Variant {
  const [, name, rest] = /^([^=]+)=(.*)$/.exec(text) ?? []
  if (name === undefined || rest === undefined) throw new Error(`not a variant: ${text}\n\n${HELP}`)
  const words = rest.split(/\s+/).filter((word) => word !== '')
  const program = words[0]?.startsWith('/') ? words.shift() : undefined
  const folder = words.find((word) => word.startsWith('@'))?.slice(1)
  const flags = words.filter((word) => word.startsWith('-'))
  return {
    name,
    program: program ?? process.execPath,
    flags: flags.length > 0 ? flags : NODE_FLAGS,
    folder: resolve(folder ?? '.'),
    settings: Object.fromEntries(words.flatMap((word) => readSetting(word) ?? [])),
  }
}

function readSetting(word: string): [[string, string]] | undefined {
  const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(word) ?? []
  return name === undefined || value === undefined ? undefined : [[name, value]]
}

async function compare(bench: Bench, name: string, load: Load, variants: readonly Variant[]): Promise<string[]> {
  return bench.withDatabase('variants', async (database) => {
    await database.fill(load.wallets)
    const pick = uniform(load.wallets, Math.random)
    return withServices(bench, database, variants, async (services) => {
      const samples = variants.map((): Sample[] => [])
      const memory = variants.map(() => 0)
      const warmUp: Bench = { ...bench, seconds: WARM_UP_SECONDS }
      for (const service of services) await load.send(warmUp, service, database, pick)
      for (let round = 1; round <= bench.rounds; round += 1)
        for (const [index, service] of services.entries()) {
          bench.say(`${name}, round ${round} of ${bench.rounds}: ${variants[index]?.name}`)
          samples[index]?.push(await load.send(bench, service, database, pick))
          memory[index] = await mostMB(service.pid)
        }
      const of = (index: number, figure: keyof Sample) => median((samples[index] ?? []).map((one) => one[figure]))
      return variants.map((variant, index) => {
        const perSecond = of(index, 'perSecond')
        const ratio = (perSecond / of(0, 'perSecond')).toFixed(2)
        const micros = (figure: keyof Sample) => `${of(index, figure).toFixed(1)} µs`
        const cpu = [micros('cpuMicros'), micros('postgresMicros')]
        const cells = [name, variant.name, Math.round(perSecond), `${ratio} ×`, ...cpu]
        return `| ${[...cells, `${of(index, 'p99Ms').toFixed(1)} ms`, `${Math.round(memory[index] ?? 0)} MB`].join(' | ')} |`
      })
    })
  })
}

/** Of a service with its workers. */
async function mostMB(pid: number): Promise<number> {
  const each = await Promise.all([pid, ...(await workersOf(pid))].map(processMemory))
  return each.reduce((sum, { mostMB }) => sum + mostMB, 0)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      loads: { type: 'string', default: Object.keys(LOADS).join(' ') },
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
      help: { type: 'boolean', default: false },
    },
  })
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)]
  const names = values.loads.split(/[ ,]+/)
  const unknown = names.find((name) => !Object.hasOwn(LOADS, name))
  if (unknown !== undefined) throw new Error(`--loads: there is no ${unknown}\n\n${HELP}`)
  if (values.help || positionals.length === 0 || !(seconds >= 1 && rounds >= 1)) {
    process.stdout.write(HELP)
    return
  }
  const variants = positionals.map(readVariant)
  const say = (what: string) => process.stderr.write(`${what}\n`)
  await withBench({ seconds, rounds, say }, async (bench) => {
    const head =
      'load | variant | transfers/s | of the first | CPU a transfer | PostgreSQL’s | p99 | most memory so far'
    const lines = [`| ${head} |`, `|${' --- |'.repeat(head.split('|').length)}`]
    for (const name of names) {
      const load = LOADS[name]
      if (load !== undefined) lines.push(...(await compare(bench, name, load, variants)))
    }
    for (const what of bench.damage) lines.push(`THE LEDGER IS DAMAGED: ${what}`)
    if (bench.damage.length > 0) process.exitCode = 1
    process.stdout.write(`${lines.join('\n')}\n`)
  })
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
