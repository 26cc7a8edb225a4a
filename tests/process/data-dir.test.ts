import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { databaseProcesses } from '../support/database/database-processes.ts'
import { dataDirFor, startEmbeddedService } from '../support/process/embedded-service.ts'
import type { ProcessOptions } from '../support/process/service-process.ts'

const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 }
const asRoot = process.getuid?.() === 0 ? false : 'only root can do this'

/** The folder serves a whole life: a start, a write, the end, and a start that finds it. */
async function servesTwice(t: Test, dataDir: string, options: Partial<ProcessOptions> = {}): Promise<void> {
  const first = await startEmbeddedService(t, dataDir, options)
  t.equal(first.service.firstMessage, `listening at ${first.service.url}/api/v1, on embedded PostgreSQL in ${dataDir}`)
  await first.client.open('ada')
  const transactionID = await first.client.issue('ada')
  t.equal((await first.client.deposit('ada', 5, transactionID)).status, 200)
  const { code, stderr } = await first.service.end('SIGTERM')
  t.same({ code, stderr }, { code: 0, stderr: '' })
  t.same(await databaseProcesses(dataDir), [], 'no process of the database is left')

  const second = await startEmbeddedService(t, dataDir, options)
  t.match(await second.client.deposit('ada', 5, transactionID), { status: 200, replayed: true })
  t.match((await second.client.wallet('ada')).body, { balance: 5, version: 1 })
  t.equal((await second.service.end('SIGTERM')).code, 0)
}

t.test('the data is in DATA_DIR, closed to others, and survives a restart', async (t) => {
  const dataDir = await dataDirFor(t)
  await servesTwice(t, dataDir)
  t.equal((await stat(dataDir)).mode & 0o077, 0)
})

t.test('in a folder that others may enter, the data and the socket are closed to them', async (t) => {
  const dataDir = await dataDirFor(t)
  await mkdir(dataDir, { mode: 0o755 })
  const { service } = await startEmbeddedService(t, dataDir)
  for (const name of ['postgres', '.s.PGSQL.5432']) t.equal((await stat(join(dataDir, name))).mode & 0o077, 0, name)
  t.equal((await service.end('SIGTERM')).code, 0)
})

t.test('DATA_DIR may have spaces, commas and quotes in its name', async (t) => {
  await servesTwice(t, await dataDirFor(t, ` my "wallet's" data, 1`))
})

t.test('DATA_DIR may be longer than the path of a socket', async (t) => {
  await servesTwice(t, await dataDirFor(t, join('long'.repeat(40), 'longer'.repeat(20))))
})

t.test('DATA_DIR may lie in a folder that only root may enter', { skip: asRoot }, async (t) => {
  const dataDir = await dataDirFor(t)
  const closed = join(dataDir, '..', 'closed')
  await mkdir(closed, { mode: 0o700 })
  await servesTwice(t, join(closed, 'data'))
})

t.test('a user without any rights can run it', { skip: asRoot }, async (t) => {
  const dataDir = await dataDirFor(t)
  await chmod(join(dataDir, '..'), 0o777)
  await servesTwice(t, dataDir, { account: NOBODY })
  t.equal((await stat(dataDir)).uid, NOBODY.uid)
})

t.test('a process that has by chance the number of the last server does not keep the next from starting', async (t) => {
  const dataDir = await dataDirFor(t)
  const first = await startEmbeddedService(t, dataDir)
  await first.client.open('ada')
  t.equal((await first.service.end('SIGTERM')).code, 0)
  const { pid } = await someProcessOf(t, dataDir)
  await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), `${pid}\n${join(dataDir, 'postgres')}\n`)
  const { client } = await startEmbeddedService(t, dataDir)
  t.equal((await client.open('ada')).status, 200)
})

/** A process of the user whom the folder belongs to, which has nothing to do with it. */
async function someProcessOf(t: Test, folder: string): Promise<ChildProcess> {
  const { uid, gid } = await stat(folder)
  const child = spawn('sleep', ['600'], { ...(process.getuid?.() === 0 && { uid, gid }), cwd: '/', stdio: 'ignore' })
  await once(child, 'spawn')
  t.teardown(() => child.kill('SIGKILL'))
  return child
}
