import t, { type Test } from 'tap'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/server.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { dataDirFor } from '../support/process/embedded-service.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

const WARN_LEVEL = 40

/** What a service warns of between its start and its end. */
async function warnings(t: Test, database: ServerAddress): Promise<readonly string[]> {
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(database) } })
  t.match(service.firstMessage, 'listening at')
  const { stdout } = await service.end('SIGTERM')
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  return lines.filter(({ level }) => level >= WARN_LEVEL).map(({ msg }) => msg)
}

t.test('a start on a server that keeps its commits is not warned about', async (t) => {
  t.same(await warnings(t, await createTestDatabase(t)), [])
})

t.test('a start with synchronous_commit off is warned about in one line', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `ALTER DATABASE ${database.database} SET synchronous_commit = off`)
  t.same(await warnings(t, database), [
    'the database has synchronous_commit off: a crash of the server may lose what was acknowledged',
  ])
})

t.test('a start with fsync or full_page_writes off is warned about in one line', async (t) => {
  const server = await startEmbeddedPostgres({ dataDir: await dataDirFor(t), onCrash: t.fail })
  t.teardown(() => server.stop())
  const set = async (setting: string) => {
    await administer(server.address, `ALTER SYSTEM SET ${setting}`)
    await administer(server.address, 'SELECT pg_reload_conf()')
  }
  await set('full_page_writes = off')
  t.same(await warnings(t, server.address), [
    'the database has full_page_writes off: a crash of its machine may corrupt all data',
  ])
  await set('fsync = off')
  await set('synchronous_commit = off')
  t.same(await warnings(t, server.address), [
    'the database has fsync and full_page_writes and synchronous_commit off: a crash of the server may lose what was acknowledged, and a crash of its machine may corrupt all data',
  ])
})
