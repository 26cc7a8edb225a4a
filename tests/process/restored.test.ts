import { randomBytes } from 'node:crypto'
import t, { type Test } from 'tap'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { dataDirFor, startEmbeddedService } from '../support/process/embedded-service.ts'
import { type Client, createClient } from '../support/process/service-client.ts'
import { type ProcessOptions, runWallet, startServiceProcess } from '../support/process/service-process.ts'

const WAIT_LIMIT_MS = 30_000

type Pay = (to: Client) => ReturnType<Client['deposit']>

/** A service, and a client that sends a request again while the service has no database, as clients are told to. */
async function start(t: Test, options: ProcessOptions) {
  const service = await startServiceProcess(t, options)
  const { call } = createClient(service.url)
  const client = createClient(service.url, (method, path, body) =>
    eventually('an answer', WAIT_LIMIT_MS, async () => {
      const answer = await call(method, path, body)
      return answer.status === 503 ? undefined : answer
    }),
  )
  return { service, client }
}

/** A copy of the database, as a backup is; no one may be connected to it. */
async function backUp(t: Test, database: ServerAddress): Promise<ServerAddress> {
  const copy = `${database.database}_backup`
  await administer({ ...database, database: 'postgres' }, `CREATE DATABASE ${copy} TEMPLATE ${database.database}`)
  t.teardown(() => administer({ ...database, database: 'postgres' }, `DROP DATABASE IF EXISTS ${copy} WITH (FORCE)`))
  return { ...database, database: copy }
}

/** Puts the backup in the database's place, under the feet of those who are connected. */
async function restore(database: ServerAddress, backup: ServerAddress): Promise<void> {
  const server = { ...database, database: 'postgres' }
  await administer(server, `DROP DATABASE ${database.database} WITH (FORCE)`)
  await administer(server, `ALTER DATABASE ${backup.database} RENAME TO ${database.database}`)
}

/** Deposits of these amounts, each under an ID of its own. */
async function payments(client: Client, amounts: readonly number[]): Promise<readonly Pay[]> {
  const ids = await Promise.all(amounts.map(() => client.issue('ada')))
  return amounts.map((amount, index) => (to) => to.deposit('ada', amount, ids[index] ?? ''))
}

const feedAfter = (client: Client, cursor: string) => client.call('GET', `/api/v1/transactions?after=${cursor}`)

/** The feed from its start, once it has these amounts and no more: others at the server may hold the last ones back. */
async function feedWith(client: Client, amounts: readonly number[]): Promise<string> {
  return eventually(`a feed of ${amounts.join(', ')}`, WAIT_LIMIT_MS, async () => {
    const { body } = await client.call('GET', '/api/v1/transactions')
    const read = (body.transactions as { amount: number }[]).map(({ amount }) => amount)
    return String(read) === String(amounts) ? String(body.next) : undefined
  })
}

/** From when on an ID of this service is good again. */
async function signsAnew(client: Client): Promise<void> {
  await eventually('an ID of the new epoch', WAIT_LIMIT_MS, async () => {
    const status = await client.status('ada', await client.issue('ada'))
    return status.body.status === 'unused' ? true : undefined
  })
}

for (const [whose, key] of [
  ['in the database', undefined],
  ['in TRANSACTION_ID_KEY', randomBytes(32).toString('base64')],
] as const)
  for (const running of [false, true])
    t.test(
      `after a restore, with the key ${whose}, ${running ? 'while the service runs' : 'before the service is started'}: nothing is paid twice`,
      async (t) => {
        const database = await createTestDatabase(t)
        const env = { DATABASE_URL: toURL(database), ...(key !== undefined && { TRANSACTION_ID_KEY: key }) }
        const first = await start(t, { env })
        await first.client.open('ada')
        const kept = await payments(first.client, [1, 10])
        const answers = []
        for (const pay of kept) answers.push(await pay(first.client))
        const keptCursor = await feedWith(first.client, [1, 10])
        await first.service.end('SIGTERM')
        const backup = await backUp(t, database)

        const second = await start(t, { env })
        const lost = await payments(second.client, [100, 1000])
        for (const pay of lost) t.match(await pay(second.client), { status: 200, replayed: false })
        const unsent = await payments(second.client, [10_000])
        const lostCursor = await feedWith(second.client, [1, 10, 100, 1000])
        if (!running) await second.service.end('SIGTERM')

        await restore(database, backup)
        // The key in the environment is not needed: it is retired wherever it is.
        const { code, stdout, stderr } = await runWallet(t, ['restored', '--yes'], {
          env: { DATABASE_URL: toURL(database) },
        })
        t.equal(code, 0, stderr)
        t.match(stdout, /^Transaction IDs and feed cursors of before are retired\.\n/)
        t.match(stdout, 'no problems found')
        t.match(stdout, /TRANSACTION_ID_RETIRED[\s\S]*CURSOR_GONE[\s\S]*the newest transaction is of \d{4}-/)

        const { client } = running ? second : await start(t, { env })
        for (const [index, pay] of kept.entries()) {
          const again = await pay(client)
          t.same([again.text, again.replayed], [answers[index]?.text, true], 'what the ledger has is replayed')
        }
        for (const pay of [...lost, ...unsent])
          for (const replayed of [false, true])
            t.match(await pay(client), { status: 422, replayed, body: { code: 'TRANSACTION_ID_RETIRED' } })
        t.match((await client.wallet('ada')).body, { balance: 11, version: 2 })
        for (const cursor of [keptCursor, lostCursor])
          t.match(await feedAfter(client, cursor), { status: 410, body: { code: 'CURSOR_GONE' } })

        await signsAnew(client)
        t.match(await client.deposit('ada', 5, await client.issue('ada')), { status: 200, replayed: false })
        t.match((await client.wallet('ada')).body, { balance: 16, version: 3 })
        const next = await feedWith(client, [1, 10, 5])
        t.match(await feedAfter(client, next), { status: 200, body: { transactions: [] } })

        const twice = await runWallet(t, ['restored', '--yes'], { env: { DATABASE_URL: toURL(database) } })
        t.same(twice.code, 0)
        t.match(twice.stderr, /It was declared restored before, at \d{4}-/)
        t.match(await kept[0]?.(client), { status: 200, replayed: true })
        t.match((await client.wallet('ada')).body, { balance: 16, version: 3 })
      },
    )

t.test('on the embedded server, too, beside the service that runs there', async (t) => {
  const dataDir = await dataDirFor(t)
  const { client } = await startEmbeddedService(t, dataDir)
  await client.open('ada')
  const id = await client.issue('ada')
  t.match(await runWallet(t, ['restored', '--yes'], { env: { DATA_DIR: dataDir } }), { code: 0 })
  t.match(await client.deposit('ada', 1, id), { status: 422, body: { code: 'TRANSACTION_ID_RETIRED' } })
  await signsAnew(client)
})

t.test('where no one can answer its question it retires nothing, and says what to do', async (t) => {
  const database = await createTestDatabase(t)
  const env = { DATABASE_URL: toURL(database) }
  const { code, stdout, stderr } = await runWallet(t, ['restored'], { env })
  t.same([code, stdout], [2, ''])
  t.equal(stderr, 'wallet: restored asks before it retires transaction IDs; where no one can answer, give it --yes\n')
  t.same(await administer(database, 'SELECT FROM transaction_id_key'), [])
})

t.test('a ledger that is damaged is declared restored, and the command ends with 1', async (t) => {
  const database = await createTestDatabase(t)
  await administer(database, `INSERT INTO user_wallet VALUES ('ada', 5, 0, now(), now())`)
  const { code, stdout, stderr } = await runWallet(t, ['restored', '--yes'], { env: { DATABASE_URL: toURL(database) } })
  t.equal(code, 1)
  t.match(stdout, /THE LEDGER IS DAMAGED[\s\S]*What to tell/)
  t.match(stderr, 'the ledger is damaged')
  t.equal((await administer(database, 'SELECT FROM transaction_id_key')).length, 1)
})
