import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PostgreSqlContainer } from '@testcontainers/postgresql'
import { parseServerAddress, type ServerAddress } from '../../../db/address.ts'
import { startEmbeddedPostgres } from '../../../src/adapters/embedded-postgres/server.ts'

/** A PostgreSQL server for one run of the tests. */
export interface DatabaseServer {
  readonly name: string
  /** A user there who may create databases. */
  readonly address: ServerAddress
  stop(): Promise<void>
}

const CONTAINER_IMAGE = 'postgres:18'

/** `TEST_DATABASE_URL`, or a container where `TEST_CONTAINERS=1`, or the embedded server. */
export async function startDatabaseServer(env: NodeJS.ProcessEnv): Promise<DatabaseServer> {
  const url = env.TEST_DATABASE_URL
  if (url !== undefined)
    return { name: 'the server of TEST_DATABASE_URL', address: toAddress(url), stop: async () => {} }
  if (env.TEST_CONTAINERS === '1') {
    const container = await new PostgreSqlContainer(CONTAINER_IMAGE).start().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Error(`TEST_CONTAINERS=1 needs a Docker Engine with ${CONTAINER_IMAGE} or a way to it: ${reason}`)
    })
    const address = toAddress(container.getConnectionUri())
    return { name: `a container of ${CONTAINER_IMAGE}`, address, stop: async () => void (await container.stop()) }
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'wallet-tests-'))
  const embedded = await startEmbeddedPostgres({ dataDir, onCrash: (message) => process.stderr.write(`${message}\n`) })
  return {
    name: 'an embedded PostgreSQL',
    address: embedded.address,
    async stop() {
      await embedded.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

function toAddress(url: string): ServerAddress {
  const address = parseServerAddress(url)
  if (address === undefined) throw new Error(`not a PostgreSQL URL: ${url}`)
  return address
}
