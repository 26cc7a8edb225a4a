import type { Test } from 'tap'
import { type ServerAddress, toURL } from '../../../db/address.ts'
import { administer, createTestDatabase } from '../database/database.ts'
import { freePort } from '../database/relay.ts'
import { type ProcessOptions, type ServiceProcess, startServiceProcess } from '../process/service-process.ts'

/** A service in a process of its own, on a port that it keeps when it is started again. */
export interface RestartableService {
  readonly url: string
  /** All that were started, in their order. */
  readonly processes: readonly ServiceProcess[]
  current(): ServiceProcess
  start(): Promise<ServiceProcess>
}

export async function startRestartableService(
  t: Test,
  database: ServerAddress,
  { env, ...options }: Partial<ProcessOptions> = {},
): Promise<RestartableService> {
  const port = await freePort()
  const processes: ServiceProcess[] = []
  async function start(): Promise<ServiceProcess> {
    const process = await startServiceProcess(t, {
      ...options,
      env: { DATABASE_URL: toURL(database), PORT: String(port), ...env },
    })
    processes.push(process)
    return process
  }
  const { url } = await start()
  return {
    url,
    processes,
    current: () => processes.at(-1) ?? fail(),
    start,
  }
}

function fail(): never {
  throw new Error('no service was started')
}

/** A migrated database on the run's own server, and a service on it. */
export async function startFaultWorld(t: Test, options: Partial<ProcessOptions> = {}) {
  const database = await createTestDatabase(t)
  const service = await startRestartableService(t, database, options)
  return { database, service }
}

/** The processes that serve the service's connections; those in a transaction first. */
export async function backendsOf(database: ServerAddress): Promise<readonly number[]> {
  const rows = await administer(
    database,
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wallet-service'
     ORDER BY xact_start NULLS LAST, query_start DESC`,
  )
  return rows.map(({ pid }) => Number(pid))
}
