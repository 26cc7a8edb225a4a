import { randomBytes } from 'node:crypto'
import { migrate } from '../../db/migrate.ts'
import { administer, type TestServer } from './database.ts'
import { startDatabaseServer } from './database-server.ts'

/** Starts the database server that the environment asks for, with a migrated template; both are gone afterwards. */
export async function withTestServer<Result>(
  say: (line: string) => void,
  work: (server: TestServer) => Promise<Result>,
): Promise<Result> {
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
