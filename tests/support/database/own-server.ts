import { join } from 'node:path'
import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/adapters/embedded-postgres/server.ts'
import { eventually } from '../eventually.ts'
import { backendsOf } from '../faults/fault-world.ts'
import { dataDirFor } from '../process/embedded-service.ts'
import { administer } from './database.ts'
import { databaseProcesses } from './database-processes.ts'

/** A PostgreSQL that one test has to itself, to do it harm. */
export interface OwnServer {
  readonly address: ServerAddress
  readonly folder: string
  /** `kill -9` of the server itself; what watches over it starts it again. */
  killServer(): Promise<void>
  /** `kill -9` of a process that serves a connection of the service: the server then ends all others, and recovers. */
  killBackend(): Promise<void>
  /** When it takes connections again, as `performance.now()`. */
  accepting(): Promise<number>
}

const ACCEPT_LIMIT_MS = 20_000

/** @param folder where its data go; a temporary one where it is left out. */
export async function startOwnServer(t: Test, folder?: string): Promise<OwnServer> {
  const dataDir = folder ?? (await dataDirFor(t))
  const server: EmbeddedPostgres = await startEmbeddedPostgres({ dataDir, onCrash: (message) => t.comment(message) })
  t.teardown(() => server.stop())
  const { address } = server
  return {
    address,
    folder: dataDir,
    async killServer() {
      const [pid] = await databaseProcesses(join(dataDir, 'postgres'))
      if (pid === undefined) throw new Error('the server does not run')
      process.kill(pid, 'SIGKILL')
    },
    async killBackend() {
      await eventually('a process was killed', ACCEPT_LIMIT_MS, async () => {
        const [pid] = await backendsOf(address).catch(() => [])
        return pid !== undefined && killed(pid) ? true : undefined
      })
    },
    accepting: () =>
      eventually('the server takes connections', ACCEPT_LIMIT_MS, () =>
        administer(address, 'SELECT 1').then(
          () => performance.now(),
          () => undefined,
        ),
      ),
  }
}

/** A process may have gone since one heard of it. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}
