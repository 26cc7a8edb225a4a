import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import type pg from 'pg'
import { auditLedger } from '../audit/audit.ts'
import { describeFinding } from '../audit/report.ts'
import { type ServerAddress, toURL } from '../db/address.ts'
import { connect, migrate } from '../db/migrate.ts'
import { createSignedTransactionIDs } from '../src/adapters/signed-transaction-ids/transaction-ids.ts'
import { KEY_BYTES, type TransactionIDs } from '../src/ports/transaction-ids.ts'
import { administer } from '../tests/support/database/database.ts'
import { startDatabaseServer } from '../tests/support/database/database-server.ts'
import { countTransfers, fillWallets } from './ledger.ts'
import { type ServiceProcess, startServiceProcess, type Variant } from './programs.ts'

/** A database of the benchmark's own, which is checked before it is dropped. */
export interface BenchDatabase {
  readonly address: ServerAddress
  fill(wallets: number): Promise<void>
  query<Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
  countTransfers(): Promise<number>
}

export interface Bench {
  readonly ids: TransactionIDs
  readonly seconds: number
  readonly rounds: number
  /** What is going on, for the one who waits. */
  say(doing: string): void
  /** An empty, migrated database; what is wrong with its ledger at the end is collected in {@link Bench.damage}. */
  withDatabase<Result>(name: string, use: (database: BenchDatabase) => Promise<Result>): Promise<Result>
  withService<Result>(
    database: BenchDatabase,
    environment: Readonly<Record<string, string>>,
    use: (service: ServiceProcess) => Promise<Result>,
    variant?: Variant,
  ): Promise<Result>
  readonly damage: string[]
}

/** Durable commits, or the figures are worth nothing. */
const DURABLE = ['fsync', 'synchronous_commit', 'full_page_writes'] as const

export async function withBench<Result>(
  options: { readonly seconds: number; readonly rounds: number; readonly say: (doing: string) => void },
  use: (bench: Bench) => Promise<Result>,
): Promise<Result> {
  const { DATABASE_URL } = process.env
  const server = await startDatabaseServer(DATABASE_URL === undefined ? {} : { TEST_DATABASE_URL: DATABASE_URL })
  const key = randomBytes(KEY_BYTES)
  const bench: Bench = {
    ...options,
    ids: createSignedTransactionIDs([key]),
    damage: [],

    async withDatabase(name, useDatabase) {
      const database = `wallet_bench_${name}_${randomBytes(3).toString('hex')}`
      const address = { ...server.address, database }
      await administer(server.address, `CREATE DATABASE ${database}`)
      await migrate(address, 'up')
      const client = await connect(address)
      try {
        const result = await useDatabase({
          address,
          fill: (wallets) =>
            fillWallets(client, wallets, (done) =>
              options.say(`opening wallets: ${Math.round((100 * done) / wallets)} %`),
            ),
          async query(sql, values) {
            const { rows } = await client.query(sql, values === undefined ? undefined : [...values])
            return rows
          },
          countTransfers: () => countTransfers(client),
        })
        options.say(`checking the ledger of ${name}`)
        const { findings } = await auditLedger(address)
        bench.damage.push(...findings.map((finding) => `${name}: ${finding.check}: ${describeFinding(finding)}`))
        return result
      } finally {
        await client.end()
        await administer(server.address, `DROP DATABASE ${database} WITH (FORCE)`)
      }
    },

    async withService(database, environment, useService, variant) {
      const address = { DATABASE_URL: toURL(database.address), TRANSACTION_ID_KEY: key.toString('base64') }
      const service = await startServiceProcess({ ...address, ...environment }, variant)
      try {
        return await useService(service)
      } finally {
        await service.stop()
      }
    },
  }
  try {
    for (const setting of DURABLE) {
      const [row] = await administer(server.address, `SELECT current_setting('${setting}') AS value`)
      if (row?.value !== 'on')
        throw new Error(`${setting} is ${row?.value}: figures without durable commits mean nothing`)
    }
    return await use(bench)
  } finally {
    await server.stop()
  }
}

export async function describeMachine(): Promise<Readonly<Record<string, string>>> {
  const memory = /MemTotal:\s+(\d+)/.exec(await readFile('/proc/meminfo', 'utf8'))?.[1]
  return {
    processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(Number(memory) / 1024 / 1024)} GiB`,
    node: process.version,
    date: new Date().toISOString(),
  }
}

/** A service for each variant, all at once: one at rest costs nothing. */
export async function withServices<Result>(
  bench: Bench,
  database: BenchDatabase,
  variants: readonly Variant[],
  use: (services: readonly ServiceProcess[]) => Promise<Result>,
  started: readonly ServiceProcess[] = [],
): Promise<Result> {
  const next = variants[started.length]
  if (next === undefined) return use(started)
  const more = (service: ServiceProcess) => withServices(bench, database, variants, use, [...started, service])
  return bench.withService(database, {}, more, next)
}
