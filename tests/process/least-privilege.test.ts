import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import pino from 'pino'
import t, { type Test } from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { startService } from '../../src/app/compose.ts'
import { readConfig } from '../../src/app/config.ts'
import { administer, createBareDatabase, createRole } from '../support/database/database.ts'
import { createClient } from '../support/process/service-client.ts'
import { runServiceToEnd, runWallet, startServiceProcess } from '../support/process/service-process.ts'

const SILENT = { logger: pino({ level: 'silent' }), logRequest: () => {} }

interface Roles {
  /** The empty database, as its owner reaches it, who is no superuser. */
  readonly owner: ServerAddress
  /** And as the service does. */
  readonly service: ServerAddress
}

async function createRoles(t: Test): Promise<Roles> {
  const [owner, service] = [await createRole(t, 'LOGIN'), await createRole(t, 'LOGIN')]
  const database = await createBareDatabase(t)
  await administer(database, `ALTER DATABASE ${database.database} OWNER TO ${owner.user}`)
  return { owner: { ...database, ...owner }, service: { ...database, ...service } }
}

/** What `psql -v service=… -f db/grants.sql` does. */
async function grant({ owner, service }: Roles): Promise<void> {
  const script = readFileSync('db/grants.sql', 'utf8')
  const filled = script.replaceAll(':"service"', service.user).replaceAll(':"DBNAME"', owner.database)
  t.notMatch(filled.replaceAll(/--.*/g, ''), /:"/, 'every variable is known')
  await administer(owner, filled)
}

/** The service must end with one line for its operator. */
async function refusedStart(t: Test, service: ServerAddress): Promise<string> {
  const { code, stdout, stderr } = await runServiceToEnd(t, { env: { DATABASE_URL: toURL(service) } })
  t.same([code, stdout], [1, ''])
  t.match(stderr, /^[^\n]+\n$/, 'one line')
  return stderr
}

async function migrateAs(t: Test, owner: ServerAddress): Promise<void> {
  t.match(await runWallet(t, ['migrate'], { env: { DATABASE_URL: toURL(owner) } }), { code: 0, stderr: '' })
}

/** Every route, every kind of outcome. */
async function walk(t: Test, url: string): Promise<void> {
  const client = createClient(url)
  t.equal((await client.open('ada')).status, 201)
  t.equal((await client.open('bob')).status, 201)
  const [first = '', second = '', third = '', refused = '', frozen = ''] = await Promise.all(
    [1, 2, 3, 4, 5].map(() => client.issue('ada')),
  )
  t.match(await client.deposit('ada', 100, first), { status: 200, replayed: false })
  t.match(await client.deposit('ada', 100, first), { status: 200, replayed: true })
  t.match(await client.withdraw('ada', 10, second), { status: 200 })
  t.match(await client.transfer('ada', 'bob', 20, third), { status: 200 })
  t.match(await client.withdraw('ada', 1000, refused), { status: 422, body: { code: 'INSUFFICIENT_BALANCE' } })
  t.match(await client.status('ada', refused), { body: { status: 'refused' } })
  t.match(await client.wallet('ada'), { body: { balance: 70, version: 3 } })
  t.match(await client.history('bob'), { body: { transactions: [{ type: 3, amount: 20, passiveUserID: 'ada' }] } })
  const wallet = '/api/v1/users/ada/wallet'
  t.match(await client.call('PUT', `${wallet}/state`, { state: 'frozen', reason: 'a card was lost' }), { status: 200 })
  const noted = { amount: 1, transactionID: frozen, reference: 'rent', metadata: { flat: '3' } }
  t.match(await client.call('PUT', `${wallet}/withdraw`, noted), { status: 422, body: { code: 'WALLET_FROZEN' } })
  const deposit = { amount: 1, transactionID: await client.issue('ada'), reference: 'rent', metadata: { flat: '3' } }
  t.match(await client.call('PUT', `${wallet}/deposit`, deposit), { status: 200, body: { reference: 'rent' } })
  t.match(await client.call('GET', `${wallet}/transactions?reference=rent`), {
    body: { transactions: [{ id: 4, metadata: { flat: '3' } }] },
  })
  t.match(await client.call('GET', '/api/v1/transactions?limit=1'), {
    status: 200,
    body: { transactions: [{ id: 1 }] },
  })
  for (const path of ['references?reference=rent', 'state-changes/ada', 'newest', 'webhook'])
    t.match(await client.call('GET', `/console/data/${path}`), { status: 200 }, path)
  t.match(await client.call('GET', '/readyz'), { status: 200 })
}

/** What PostgreSQL must refuse to the service's role, whatever is in the tables. */
const REFUSED = [
  ...[
    ['user_wallet_transaction', 'amount = 1'],
    ['user_wallet_refusal', 'amount = 1'],
    ['user_wallet_note', `reference = 'gift'`],
    ['user_wallet_state_change', `reason = 'none'`],
  ].flatMap(([table, set]) => [
    `UPDATE ${table} SET ${set} WHERE false`,
    `DELETE FROM ${table} WHERE false`,
    `TRUNCATE ${table}`,
    `DROP TRIGGER append_only ON ${table}`,
    `ALTER TABLE ${table} DISABLE TRIGGER append_only`,
    `ALTER TABLE ${table} ADD COLUMN more text`,
    `DROP TABLE ${table}`,
  ]),
  `UPDATE user_wallet SET user_id = 'eve' WHERE false`,
  'UPDATE user_wallet SET created_at = now() WHERE false',
  'DELETE FROM user_wallet WHERE false',
  'TRUNCATE user_wallet',
  'ALTER TABLE user_wallet DROP CONSTRAINT user_wallet_balance_check',
  'BEGIN; LOCK TABLE user_wallet IN ACCESS EXCLUSIVE MODE',
  `UPDATE transaction_id_key SET key = '' WHERE false`,
  'UPDATE feed_offset SET added = 1 WHERE false',
  'DELETE FROM feed_offset WHERE false',
  'DELETE FROM webhook_delivery WHERE false',
  'UPDATE webhook_delivery SET only_one = true WHERE false',
  'DELETE FROM transaction_id_key WHERE false',
  'TRUNCATE transaction_id_key',
  `INSERT INTO wallet_migration (name, run_on) VALUES ('x', now())`,
  'DELETE FROM wallet_migration WHERE false',
  'CREATE TABLE more (id int)',
  'CREATE TEMPORARY TABLE user_wallet (id int)',
  'CREATE SCHEMA more',
  `CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  `CREATE OR REPLACE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
  'CREATE ROLE more',
  'SET session_replication_role = replica',
] as const

t.test('the service runs as a role that may not change history nor the schema', async (t) => {
  const roles = await createRoles(t)
  const { owner, service } = roles
  const noSchema = await refusedStart(t, service)
  t.match(noSchema, 'run "npm run migrate" as the owner of the schema first')

  await migrateAs(t, owner)
  t.match(await refusedStart(t, service), /permission denied .*db\/grants\.sql \(docs\/least-privilege\.md\)/)

  await grant(roles)
  await grant(roles)
  const { url, end } = await startServiceProcess(t, { env: { DATABASE_URL: toURL(service) } })
  await walk(t, url)
  t.equal((await end('SIGTERM')).code, 0)

  for (const statement of [...REFUSED, `SET ROLE ${owner.user}`])
    await t.rejects(administer(service, statement), { code: '42501' }, statement)
})

t.test('the role may add to history what no one asked for, which no check tells from what someone did', async (t) => {
  const roles = await createRoles(t)
  const { owner, service } = roles
  await migrateAs(t, owner)
  await grant(roles)
  const { url } = await startServiceProcess(t, { env: { DATABASE_URL: toURL(service) } })
  await createClient(url).open('eve')
  await administer(
    service,
    `WITH deposited AS (
       INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, balance, created_at)
       VALUES ('eve', 1, gen_random_uuid(), 1, 1000, 1000, now()) RETURNING created_at
     )
     UPDATE user_wallet SET balance = 1000, version = 1, updated_at = deposited.created_at FROM deposited
     WHERE user_id = 'eve'`,
  )
  t.same((await auditLedger(owner)).findings, [])
})

t.test('with TRANSACTION_ID_KEY set, the role only reads the keys in the database', async (t) => {
  const roles = await createRoles(t)
  const { owner, service } = roles
  await migrateAs(t, owner)
  await grant(roles)
  await administer(owner, `REVOKE INSERT ON transaction_id_key FROM ${service.user}`)
  const env = { DATABASE_URL: toURL(service), TRANSACTION_ID_KEY: randomBytes(32).toString('base64') }
  await walk(t, (await startServiceProcess(t, { env })).url)
  await t.rejects(administer(service, `INSERT INTO transaction_id_key (key) VALUES ('')`), { code: '42501' })
  t.match(await refusedStart(t, service), 'permission denied for table transaction_id_key')
})

/** Each right that db/grants.sql gives, as it is taken away. */
const RIGHTS = [
  'SELECT ON wallet_migration',
  // The first start keeps a key there.
  'SELECT ON transaction_id_key',
  'INSERT ON transaction_id_key',
  'SELECT ON user_wallet',
  'INSERT ON user_wallet',
  'UPDATE (balance) ON user_wallet',
  'UPDATE (version) ON user_wallet',
  'UPDATE (updated_at) ON user_wallet',
  'SELECT ON user_wallet_transaction',
  'INSERT ON user_wallet_transaction',
  'SELECT ON user_wallet_refusal',
  'INSERT ON user_wallet_refusal',
  'UPDATE (state) ON user_wallet',
  'SELECT ON user_wallet_note',
  'INSERT ON user_wallet_note',
  'SELECT ON user_wallet_state_change',
  'INSERT ON user_wallet_state_change',
  'SELECT ON feed_offset',
  'INSERT ON feed_offset',
]

/** And with a webhook. */
const WEBHOOK_RIGHTS = ['SELECT', 'INSERT', 'UPDATE (feed_number)', 'UPDATE (batch_size)', 'UPDATE (last_error)'].map(
  (right) => `${right} ON webhook_delivery`,
)

t.test('a service that lacks any of the rights is told at its start, and needs each of them', async (t) => {
  const roles = await createRoles(t)
  const { owner, service } = roles
  await migrateAs(t, owner)
  const config = readConfig({
    ...{ DATABASE_URL: toURL(service), PORT: '0' },
    ...{ WEBHOOK_URL: 'http://127.0.0.1:9/', WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}` },
  })
  for (const right of [...RIGHTS, ...WEBHOOK_RIGHTS]) {
    await grant(roles)
    await administer(owner, `REVOKE ${right} FROM ${service.user}`)
    const refusal = { name: 'UnusableDatabase', message: /^permission denied for .*docs\/least-privilege\.md/ }
    await t.rejects(startService(config, SILENT, '0.0.0'), refusal, `without ${right}`)
  }
})

t.test('a role that may not bring an older schema up to date is told so', async (t) => {
  const roles = await createRoles(t)
  await migrateAs(t, roles.owner)
  await grant(roles)
  await administer(roles.owner, 'DELETE FROM wallet_migration')
  t.match(await refusedStart(t, roles.service), 'run "npm run migrate" as the owner of the schema first')
})
