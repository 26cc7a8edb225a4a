import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { databaseProcesses, killDatabaseAfterwards } from '../support/database-processes.ts'
import { eventually } from '../support/eventually.ts'
import { checkAfterwards, startLoad } from '../support/load.ts'
import { createClient } from '../support/service-client.ts'
import { type ProcessOptions, startServiceProcess } from '../support/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 }
const asRoot = process.getuid?.() === 0 ? false : 'only root can do this'

/** A DATA_DIR of the test's own, below a folder that everybody may enter. */
async function dataDirFor(t: Test, name = 'data'): Promise<string> {
  const folder = await temporaryFolder(t)
  killDatabaseAfterwards(t, folder)
  return join(folder, name)
}

async function start(t: Test, dataDir: string, options: Partial<ProcessOptions> = {}) {
  const service = await startServiceProcess(t, { ...options, env: { DATA_DIR: dataDir } })
  return { service, client: createClient(service.url) }
}

/** The folder serves a whole life: a start, a write, the end, and a start that finds it. */
async function servesTwice(t: Test, dataDir: string, options: Partial<ProcessOptions> = {}): Promise<void> {
  const first = await start(t, dataDir, options)
  t.equal(first.service.firstMessage, `listening at ${first.service.url}/api/v1, on embedded PostgreSQL in ${dataDir}`)
  await first.client.open('ada')
  const transactionID = await first.client.issue('ada')
  t.equal((await first.client.deposit('ada', 5, transactionID)).status, 200)
  t.same(pick(await first.service.end('SIGTERM')), { code: 0, stderr: '' })
  t.same(await databaseProcesses(dataDir), [], 'no process of the database is left')

  const second = await start(t, dataDir, options)
  t.match(await second.client.deposit('ada', 5, transactionID), { status: 200, replayed: true })
  t.match((await second.client.wallet('ada')).body, { balance: 5, version: 1 })
  t.equal((await second.service.end('SIGTERM')).code, 0)
}

function pick({ code, stderr }: { code: number | null; stderr: string }) {
  return { code, stderr }
}

t.test('the data is in DATA_DIR, closed to others, and survives a restart', async (t) => {
  const dataDir = await dataDirFor(t)
  await servesTwice(t, dataDir)
  t.equal((await stat(dataDir)).mode & 0o077, 0)
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
  const first = await start(t, dataDir)
  await first.client.open('ada')
  t.equal((await first.service.end('SIGTERM')).code, 0)
  await writeFile(join(dataDir, 'postgres', 'postmaster.pid'), `${process.pid}\n${join(dataDir, 'postgres')}\n`)
  const { client } = await start(t, dataDir)
  t.equal((await client.open('ada')).status, 200)
})

t.test('SIGTERM under load: what was accepted is answered, and nothing is left running', async (t) => {
  const dataDir = await dataDirFor(t)
  const { service } = await start(t, dataDir)
  const load = await startLoad(service.url, 16)
  await eventually('some load', 20_000, () => (load.acknowledged() > 300 ? true : undefined))
  const from = performance.now()
  const ended = await service.end('SIGTERM')
  const took = performance.now() - from
  await load.over
  t.same(pick(ended), { code: 0, stderr: '' })
  t.ok(took < 5000, `it took ${took} ms`)
  t.same(await databaseProcesses(dataDir), [], 'no process of the database is left')
  t.same(load.otherAnswers, [])

  const again = await start(t, dataDir)
  const { lost, balance } = await checkAfterwards(again.service.url, load)
  t.same(lost, [])
  t.equal(balance, BigInt(load.acknowledged()), 'nothing was written that was not answered')
})

t.test('kill -9 under load: the next start takes over, and every acknowledged write is there', async (t) => {
  const dataDir = await dataDirFor(t)
  const first = await start(t, dataDir)
  const load = await startLoad(first.service.url, 16)
  await eventually('some load', 20_000, () => (load.acknowledged() > 300 ? true : undefined))
  const [server] = await databaseProcesses(dataDir)
  t.equal((await first.service.end('SIGKILL')).signal, 'SIGKILL')
  await load.over
  t.ok(server !== undefined && (await databaseProcesses(dataDir)).includes(server), 'the server has outlived it')

  const { service } = await start(t, dataDir)
  const [newServer] = await databaseProcesses(dataDir)
  t.not(newServer, server)
  const { lost, balance } = await checkAfterwards(service.url, load)
  t.same(lost, [])
  t.ok(balance >= BigInt(load.acknowledged()))
  t.ok(balance <= BigInt(load.sent.length))
})

t.test('kill -9 of the service and of its server under load loses nothing that was acknowledged', async (t) => {
  const dataDir = await dataDirFor(t)
  const first = await start(t, dataDir)
  const load = await startLoad(first.service.url, 16)
  await eventually('some load', 20_000, () => (load.acknowledged() > 300 ? true : undefined))
  const [server] = await databaseProcesses(dataDir)
  if (server === undefined) throw new Error('no server')
  process.kill(server, 'SIGKILL')
  await first.service.end('SIGKILL')
  await load.over

  const { service } = await start(t, dataDir)
  t.same((await checkAfterwards(service.url, load)).lost, [])
})

t.test('an embedded server that is killed comes back by itself, and nothing is lost or doubled', async (t) => {
  const dataDir = await dataDirFor(t)
  const { service, client } = await start(t, dataDir)
  const load = await startLoad(service.url, 8)
  await eventually('some load', 20_000, () => (load.acknowledged() > 100 ? true : undefined))
  const [server] = await databaseProcesses(dataDir)
  if (server === undefined) throw new Error('no server')
  process.kill(server, 'SIGKILL')
  await eventually('another server', 20_000, async () => {
    const [other] = await databaseProcesses(dataDir)
    return other !== undefined && other !== server ? true : undefined
  })
  await eventually('ready again', 20_000, async () =>
    (await client.call('GET', '/readyz')).status === 200 ? 1 : undefined,
  )
  const before = load.acknowledged()
  await eventually('more load', 20_000, () => (load.acknowledged() > before + 100 ? true : undefined))
  t.match(service.log(), 'the embedded PostgreSQL ended with SIGKILL; starting it again')
  t.equal((await service.end('SIGTERM')).code, 0)
  await load.over

  const again = await start(t, dataDir)
  const { lost, balance } = await checkAfterwards(again.service.url, load)
  t.same(lost, [])
  t.ok(balance >= BigInt(load.acknowledged()) && balance <= BigInt(load.sent.length))
})
