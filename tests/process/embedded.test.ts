import pg from 'pg'
import t from 'tap'
import { databaseProcesses } from '../support/database/database-processes.ts'
import { eventually } from '../support/eventually.ts'
import { dataDirFor, startEmbeddedService } from '../support/process/embedded-service.ts'
import { checkAfterwards, startLoad } from '../support/process/load.ts'

t.test('SIGTERM under load: what was accepted is answered, and nothing is left running', async (t) => {
  const dataDir = await dataDirFor(t)
  const { service } = await startEmbeddedService(t, dataDir)
  const load = await startLoad(service.url, 16)
  await eventually('some load', 20_000, () => (load.acknowledged() > 300 ? true : undefined))
  const from = performance.now()
  const ended = await service.end('SIGTERM')
  const took = performance.now() - from
  await load.over
  t.same({ code: ended.code, stderr: ended.stderr }, { code: 0, stderr: '' })
  t.ok(took < 5000, `it took ${took} ms`)
  t.same(await databaseProcesses(dataDir), [], 'no process of the database is left')
  t.same(load.otherAnswers, [])

  const again = await startEmbeddedService(t, dataDir)
  const { lost, balance } = await checkAfterwards(again.service.url, load)
  t.same(lost, [])
  t.equal(balance, BigInt(load.acknowledged()), 'nothing was written that was not answered')
})

t.test(
  'SIGTERM while a write waits for its wallet: the write is done and answered, then the service ends',
  async (t) => {
    const dataDir = await dataDirFor(t)
    const { service, client } = await startEmbeddedService(t, dataDir)
    await client.open('ada')
    const transactionID = await client.issue('ada')
    const database = new pg.Client({ host: dataDir, user: 'wallet', database: 'wallet' })
    await database.connect()
    await database.query('BEGIN')
    await database.query('SELECT FROM user_wallet FOR UPDATE')
    const answer = client.deposit('ada', 5, transactionID)
    await eventually('a write that waits', 10_000, async () => {
      const { rowCount } = await database.query(`SELECT FROM pg_locks WHERE NOT granted`)
      return rowCount === 0 ? undefined : true
    })
    const ended = service.end('SIGTERM')
    await eventually('the service has heard it', 10_000, () =>
      service.log().includes('"SIGTERM: ') ? true : undefined,
    )
    await database.query('COMMIT')
    await database.end()
    t.match(await answer, { status: 200, body: { balance: 5 } })
    t.equal((await ended).code, 0)
  },
)

t.test('kill -9 under load: the next start takes over, and every acknowledged write is there', async (t) => {
  const dataDir = await dataDirFor(t)
  const first = await startEmbeddedService(t, dataDir)
  const load = await startLoad(first.service.url, 16)
  await eventually('some load', 20_000, () => (load.acknowledged() > 300 ? true : undefined))
  const [server] = await databaseProcesses(dataDir)
  t.equal((await first.service.end('SIGKILL')).signal, 'SIGKILL')
  await load.over
  t.ok(server !== undefined && (await databaseProcesses(dataDir)).includes(server), 'the server has outlived it')

  const { service } = await startEmbeddedService(t, dataDir)
  const [newServer] = await databaseProcesses(dataDir)
  t.not(newServer, server)
  const { lost, balance } = await checkAfterwards(service.url, load)
  t.same(lost, [])
  t.ok(balance >= BigInt(load.acknowledged()))
  t.ok(balance <= BigInt(load.sent.length))
})

t.test('kill -9 of the service and of its server under load loses nothing that was acknowledged', async (t) => {
  const dataDir = await dataDirFor(t)
  const first = await startEmbeddedService(t, dataDir)
  const load = await startLoad(first.service.url, 16)
  await eventually('some load', 20_000, () => (load.acknowledged() > 300 ? true : undefined))
  const [server] = await databaseProcesses(dataDir)
  if (server === undefined) throw new Error('no server')
  process.kill(server, 'SIGKILL')
  await first.service.end('SIGKILL')
  await load.over

  const { service } = await startEmbeddedService(t, dataDir)
  t.same((await checkAfterwards(service.url, load)).lost, [])
})

t.test('an embedded server that is killed comes back by itself, and nothing is lost or doubled', async (t) => {
  const dataDir = await dataDirFor(t)
  const { service, client } = await startEmbeddedService(t, dataDir)
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

  const again = await startEmbeddedService(t, dataDir)
  const { lost, balance } = await checkAfterwards(again.service.url, load)
  t.same(lost, [])
  t.ok(balance >= BigInt(load.acknowledged()) && balance <= BigInt(load.sent.length))
})
