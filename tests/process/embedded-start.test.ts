import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { databaseProcesses } from '../support/database/database-processes.ts'
import { eventually } from '../support/eventually.ts'
import { dataDirFor } from '../support/process/embedded-service.ts'
import { createClient } from '../support/process/service-client.ts'
import { launchService, runServiceToEnd, startServiceProcess } from '../support/process/service-process.ts'

async function entries(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => [])
}

t.test('a second service on the same DATA_DIR is refused with one line, and the first is not disturbed', async (t) => {
  const env = { DATA_DIR: await dataDirFor(t) }
  const first = await startServiceProcess(t, { env })
  const { code, stdout, stderr } = await runServiceToEnd(t, { env })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^DATA_DIR [^\n]* is in use by another wallet service \(process \d+\): stop it, or [^\n]*\n$/)
  t.match(stderr, `(process ${first.pid})`)
  t.equal((await createClient(first.url).open('ada')).status, 201)
})

t.test('of several services that start at once on one DATA_DIR, one lives and the others are refused', async (t) => {
  const env = { DATA_DIR: await dataDirFor(t) }
  // The server that a killed service leaves behind: each of them wants to end it and start its own.
  const before = await startServiceProcess(t, { env })
  await before.end('SIGKILL')
  t.not((await databaseProcesses(env.DATA_DIR)).length, 0)

  const starts = [1, 2, 3, 4].map(() => startServiceProcess(t, { env }))
  const settled = await Promise.allSettled(starts)
  const lives = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const refusals = settled.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  t.equal(lives.length, 1)
  for (const refusal of refusals) t.match(refusal, 'is in use by another wallet service')
  for (const service of lives) t.equal((await createClient(service.url).open('ada')).status, 201)
})

t.test(
  'kill -9 in the middle of the first start, when the cluster is being made, does not break the next',
  async (t) => {
    const dataDir = await dataDirFor(t)
    for (const files of [1, 10, 20]) {
      const { child, ended } = await launchService(t, { env: { DATA_DIR: dataDir } })
      // The first time as soon as initdb has begun, then when it has come further.
      await eventually('initdb', 20_000, async () => {
        const staging = (await entries(dataDir)).find((name) => name === `postgres.new.${child.pid}`)
        return staging !== undefined && (await entries(join(dataDir, staging))).length >= files ? true : undefined
      })
      child.kill('SIGKILL')
      await ended
      t.notOk((await entries(dataDir)).includes('postgres'), 'what is half made is not taken for a cluster')
    }
    const service = await startServiceProcess(t, { env: { DATA_DIR: dataDir } })
    t.equal((await createClient(service.url).open('ada')).status, 201)
    const left = (await entries(dataDir)).filter((name) => name.startsWith('postgres.new'))
    t.same(left, [], 'what was half made is gone')
  },
)

t.test('SIGTERM while it starts ends it and everything that it started', async (t) => {
  const dataDir = await dataDirFor(t)
  const { child, ended } = await launchService(t, { env: { DATA_DIR: dataDir } })
  await eventually('a process of the database', 20_000, async () =>
    (await databaseProcesses(dataDir)).length > 0 ? 1 : undefined,
  )
  child.kill('SIGTERM')
  const { code, stderr } = await ended
  t.equal(code, 0)
  t.equal(stderr, '')
  await eventually('nothing left', 10_000, async () =>
    (await databaseProcesses(dataDir)).length === 0 ? 1 : undefined,
  )
})

t.test('a start that fails late, at a taken port, leaves no process of the database', async (t) => {
  const dataDir = await dataDirFor(t)
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await eventually('a port', 5000, () => (other.listening ? true : undefined))
  const address = other.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { code } = await runServiceToEnd(t, { env: { DATA_DIR: dataDir, PORT: String(address.port) } })
  t.equal(code, 1)
  t.same(await databaseProcesses(dataDir), [])
})
