import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { administer, createBareDatabase, createTestDatabase } from '../support/database/database.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

async function start(t: Test, database: ServerAddress, key?: string) {
  const env = { DATABASE_URL: toURL(database), ...(key !== undefined && { TRANSACTION_ID_KEY: key }) }
  const service = await startServiceProcess(t, { env })
  return createClient(service.url)
}

async function keptKeys(database: ServerAddress): Promise<readonly unknown[]> {
  const rows = await administer(database, `SELECT encode(key, 'base64') AS key FROM transaction_id_key`)
  return rows.map(({ key }) => key)
}

t.test('services that start at once on an empty database make one key, and all sign with it', async (t) => {
  const database = await createBareDatabase(t)
  const clients = await Promise.all([1, 2, 3, 4].map(() => start(t, database)))
  t.equal((await keptKeys(database)).length, 1)
  for (const issuer of clients) {
    const transactionID = await issuer.issue('ada')
    for (const client of clients) t.equal((await client.status('ada', transactionID)).body.status, 'unused')
  }
})

t.test('the key stays the same from start to start', async (t) => {
  const database = await createTestDatabase(t)
  await start(t, database)
  const [key] = await keptKeys(database)
  t.equal(Buffer.from(String(key), 'base64').length, 32)
  await start(t, database)
  t.same(await keptKeys(database), [key])
})

t.test('TRANSACTION_ID_KEY overrides the key in the database, and none is kept there for it', async (t) => {
  const database = await createTestDatabase(t)
  const key = randomBytes(32).toString('base64')
  const configured = await start(t, database, key)
  t.same(await keptKeys(database), [])

  const unconfigured = await start(t, database)
  const [kept] = await keptKeys(database)
  t.not(kept, key)
  const sameKey = await start(t, database, key)
  const copyOfKept = await start(t, database, String(kept))

  const transactionID = await configured.issue('ada')
  t.equal((await sameKey.status('ada', transactionID)).body.status, 'unused')
  t.equal((await unconfigured.status('ada', transactionID)).body.code, 'TRANSACTION_ID_UNKNOWN')
  const other = await unconfigured.issue('ada')
  t.equal((await configured.status('ada', other)).body.code, 'TRANSACTION_ID_UNKNOWN')
  t.equal((await copyOfKept.status('ada', other)).body.status, 'unused')
  t.same(await keptKeys(database), [kept], 'a configured key does not replace the kept one')
})

t.test(
  'the key is changed while clients are under way: what was issued before is executed, and replayed',
  async (t) => {
    const database = await createTestDatabase(t)
    const [older, newer] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')]
    const before = await start(t, database, older)
    await before.open('ada')
    const [used, underWay] = [await before.issue('ada'), await before.issue('ada')]
    const first = await before.deposit('ada', 1, used)

    const both = await start(t, database, `${newer},${older}`)
    const again = await both.deposit('ada', 1, used)
    t.same([again.text, again.replayed], [first.text, true])
    t.match(await both.deposit('ada', 2, underWay), { status: 200, replayed: false })
    t.match(await before.deposit('ada', 2, underWay), { status: 200, replayed: true })
    const fresh = await both.issue('ada')
    t.equal((await before.status('ada', fresh)).body.code, 'TRANSACTION_ID_UNKNOWN', 'the newer one signs')
    // So that instances can be replaced one by one, the newer one is made known to all of them before it signs.
    const prepared = await start(t, database, `${older} ${newer}`)
    t.match(await prepared.deposit('ada', 3, fresh), { status: 200, replayed: false })
    t.equal((await before.status('ada', await prepared.issue('ada'))).body.status, 'unused', 'the first one signs')

    const after = await start(t, database, newer)
    t.equal((await after.status('ada', fresh)).body.status, 'executed')
    t.equal((await after.status('ada', used)).body.code, 'TRANSACTION_ID_UNKNOWN', 'once the older one is taken out')
    t.match((await after.wallet('ada')).body, { balance: 6, version: 3 })
  },
)

t.test('the key is neither in the log nor in what the service says', async (t) => {
  const database = await createTestDatabase(t)
  const key = randomBytes(32).toString('base64')
  const env = { DATABASE_URL: toURL(database), TRANSACTION_ID_KEY: key, LOG_LEVEL: 'trace' }
  const service = await startServiceProcess(t, { env })
  await createClient(service.url).issue('ada')
  const { stdout, stderr } = await service.end('SIGTERM')
  t.match(stdout, '"stopped"')
  t.notOk(`${stdout}${stderr}`.includes(key))
})
