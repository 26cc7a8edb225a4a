import { randomBytes } from 'node:crypto'
import type { ServerAddress } from '../../../db/address.ts'
import { migrate } from '../../../db/migrate.ts'
import { CITUS_VARIABLE, findCitus, prepareCitus } from '../citus/citus-server.ts'
import { withLifetime } from '../lifetime.ts'
import { administer, type TestServer } from './database.ts'
import { startDatabaseServer } from './database-server.ts'

/**
 * Starts the database server that the environment asks for, with a migrated template; both are gone afterwards.
 *
 * @param durable whether it waits for the disk; one of `TEST_DATABASE_URL` does as it is set.
 */
export async function withTestServer<Result>(
  say: (line: string) => void,
  durable: boolean,
  work: (server: TestServer) => Promise<Result>,
): Promise<Result> {
  if (process.env.TEST_CITUS === '1') {
    const nodes = await findCitus(process.env)
    say(`PostgreSQL is the Citus of ${CITUS_VARIABLE}, a coordinator and ${nodes.workers.length} workers`)
    return withLifetime(async (lifetime) => work(await prepareCitus(lifetime, nodes)))
  }
  const server = await startDatabaseServer(process.env)
  say(`PostgreSQL is ${server.name}`)
  const template = `wallet_template_${randomBytes(4).toString('hex')}`
  try {
    await administer(server.address, `CREATE DATABASE ${template}`)
    await migrate({ ...server.address, database: template }, 'up')
    if (!durable) await forgetDurability(server.address)
    return await work({ address: server.address, template })
  } finally {
    await administer(server.address, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`)
    await server.stop()
  }
}

async function forgetDurability(address: ServerAddress): Promise<void> {
  if (process.env.TEST_DATABASE_URL !== undefined) return
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit'])
    await administer(address, `ALTER SYSTEM SET ${setting} = off`)
  await administer(address, 'SELECT pg_reload_conf()')
}
