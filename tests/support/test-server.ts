import { randomBytes } from 'node:crypto'
import { migrate } from '../../db/migrate.ts'
import { CITUS_VARIABLE, findCitus, prepareCitus } from './citus-server.ts'
import { administer, type TestServer } from './database.ts'
import { startDatabaseServer } from './database-server.ts'
import { withLifetime } from './lifetime.ts'

/** Starts the database server that the environment asks for, with a migrated template; both are gone afterwards. */
export async function withTestServer<Result>(
  say: (line: string) => void,
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
    return await work({ address: server.address, template })
  } finally {
    await administer(server.address, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`)
    await server.stop()
  }
}
