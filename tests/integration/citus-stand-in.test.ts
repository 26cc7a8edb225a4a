import pino from 'pino'
import t, { type Test } from 'tap'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { distribute, forgetDistribution, isDistributed } from '../../db/distribute.ts'
import { connect, migrate, migrationNames } from '../../db/migrate.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import { startService } from '../../src/app/compose.ts'
import { readConfig } from '../../src/app/config.ts'
import { FEED_START } from '../../src/domain/feed.ts'
import { walletStoreContract } from '../contract/wallet-store-contract.ts'
import { openTestConnection } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'

/*
 * A database that passes for the coordinator of a Citus, to our software and to nothing else: what Citus would place is
 * noted, and stays where it is. So the functions and the statements that are for a Citus are run in full where there is
 * none, and must do the same as the others. What Citus itself takes and refuses only tests/citus can tell.
 */

const SHARDS = 4

const STAND_IN = `
  SET allow_system_table_mods = on;
  INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (999999, 'citus', 10, 'public'::regnamespace, false, '0');
  CREATE TABLE pg_dist_local_group (groupid int);
  INSERT INTO pg_dist_local_group VALUES (0);
  CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod text, beside regclass);
  CREATE TABLE citus_shards (table_name regclass, nodename text, nodeport int);
  CREATE FUNCTION create_distributed_table(name regclass, of text, colocate_with text DEFAULT NULL) RETURNS void
    LANGUAGE sql AS $$ INSERT INTO pg_dist_partition VALUES (name, 'h', colocate_with::regclass) $$;
  CREATE FUNCTION get_shard_id_for_distribution_column(name regclass, id text) RETURNS bigint
    LANGUAGE sql AS $$ SELECT abs(hashtext(id)::bigint) % ${SHARDS} $$;`

async function createStandIn(t: Test): Promise<ServerAddress> {
  const address = await createTestDatabase(t)
  await administer(address, STAND_IN)
  return address
}

/** Says whether the tables are distributed then. */
async function distributeOn(address: ServerAddress): Promise<boolean> {
  const client = await connect(address)
  try {
    await distribute(client)
    return await isDistributed(client)
  } finally {
    await client.end()
  }
}

const PLACED = 'SELECT logicalrelid::text AS name, beside::text FROM pg_dist_partition ORDER BY name'
const beside = (name: string) => ({ name, beside: 'user_wallet' })
const ALL = [
  { name: 'user_wallet', beside: null },
  ...['user_wallet_note', 'user_wallet_refusal', 'user_wallet_state_change', 'user_wallet_transaction'].map(beside),
]
const FUNCTION_IDS = `SELECT oid FROM pg_proc WHERE proname IN ('lock_wallets', 'open_wallets') ORDER BY oid`
/** What an instance of an earlier version asks for. */
const OLD = `SELECT user_id, balance, version, created_at, updated_at FROM open_wallets('{bob,ann,cid}')
  UNION ALL SELECT user_id, balance, version, created_at, updated_at FROM lock_wallets('{cid,ann,bob,nobody}')`

const leftOut = { skip: leftOutOnCitus('this one is real') }

t.test('all tables are placed beside the first, and a second time there is nothing to do', leftOut, async (t) => {
  const address = await createStandIn(t)
  t.equal(await distributeOn(address), true)
  t.strictSame(await administer(address, PLACED), ALL)
  const functions = await administer(address, FUNCTION_IDS)
  t.equal(functions.length, 2)
  await distributeOn(address)
  t.strictSame(await administer(address, FUNCTION_IDS), functions, 'the functions are those that were there')
  t.equal((await administer(address, OLD)).length, 6)
})

t.test('what an earlier version has distributed stays, and the rest is placed beside it', leftOut, async (t) => {
  const address = await createStandIn(t)
  await administer(
    address,
    `INSERT INTO pg_dist_partition VALUES ('user_wallet', 'h', NULL), ('user_wallet_transaction', 'h', 'user_wallet'),
       ('user_wallet_refusal', 'h', 'user_wallet');
     CREATE FUNCTION lock_wallets(user_ids text[]) RETURNS TABLE (user_id text) LANGUAGE sql AS $$ SELECT 'ann' $$;
     CREATE FUNCTION open_wallets(user_ids text[]) RETURNS TABLE (user_id text) LANGUAGE sql AS $$ SELECT 'ann' $$`,
  )
  await Promise.all([1, 2, 3].map(() => distributeOn(address)))
  t.strictSame(await administer(address, PLACED), ALL)
  await administer(address, OLD)
  await administer(address, `UPDATE user_wallet SET state = 'frozen' WHERE user_id = 'bob'`)
  t.strictSame(await administer(address, `SELECT user_id, state FROM lock_wallets('{ann,bob}') ORDER BY user_id`), [
    { user_id: 'ann', state: null },
    { user_id: 'bob', state: 'frozen' },
  ])
})

t.test('where the state of wallets is taken back, the functions do without it', leftOut, async (t) => {
  const address = await createStandIn(t)
  await distributeOn(address)
  const names = await migrationNames()
  for (const _ of names.slice(names.indexOf('0004_notes_and_states'))) await migrate(address, 'down')
  t.equal((await administer(address, OLD)).length, 6)
  await t.rejects(administer(address, `SELECT state FROM lock_wallets('{ann}')`), { code: '42703' })
  // What was dropped is no table of a Citus any more.
  await administer(
    address,
    `DELETE FROM pg_dist_partition WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = logicalrelid)`,
  )
  await migrate(address, 'up')
  t.strictSame(await administer(address, PLACED), ALL)
  t.strictSame(await administer(address, `SELECT state FROM lock_wallets('{ann}')`), [{ state: null }])
})

t.test('the functions go with the tables', leftOut, async (t) => {
  const address = await createStandIn(t)
  await distributeOn(address)
  const client = await connect(address)
  t.teardown(() => client.end())
  await client.query('DROP TABLE user_wallet')
  await forgetDistribution(client)
  t.strictSame((await client.query(FUNCTION_IDS)).rows, [])
})

t.test('a connection takes it for a Citus', leftOut, async (t) => {
  const address = await createStandIn(t)
  t.equal((await openTestConnection(t, address)).isDistributed(), false)
  await distributeOn(address)
  t.equal((await openTestConnection(t, address)).isDistributed(), true)
})

async function openStore(t: Test) {
  const address = await createStandIn(t)
  await distributeOn(address)
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const store = createPostgresWalletStore({ address, writeConnections: 8, readConnections: 2, schemaVersion })
  t.teardown(() => store.close())
  return store
}

t.test('the statements for a Citus do what the others do', leftOut, async (t) => {
  walletStoreContract(t, openStore, { feed: false })
})

t.test('there is no feed: the transactions of several workers have no common order', leftOut, async (t) => {
  const store = await openStore(t)
  t.strictSame(await store.feed({ after: FEED_START, limit: 1 }), { kind: 'unavailable' })
  t.strictSame(await store.feedEnd(), FEED_START)
  t.equal(await store.feedHold(), undefined)
})

/** What a start on it is refused with. */
async function refusedStart(t: Test, env: (address: ServerAddress) => Record<string, string>): Promise<unknown> {
  const address = await createStandIn(t)
  await distributeOn(address)
  await administer(address, `INSERT INTO citus_shards VALUES ('user_wallet', 'worker', 5432)`)
  const config = readConfig({ DATABASE_URL: toURL(address), PORT: '0', ...env(address) })
  const silent = { logger: pino({ level: 'silent' }), logRequest: () => {} }
  return startService(config, silent, '0.0.0').catch((error: unknown) => error)
}

t.test('a start with a webhook is refused there, since there is no feed', leftOut, async (t) => {
  const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`
  t.match(await refusedStart(t, () => ({ WEBHOOK_URL: 'https://books.example', WEBHOOK_SECRET })), {
    name: 'UnusableDatabase',
    message: /^WEBHOOK_URL is set, and there are no webhooks on a Citus, since there is no feed: unset it/,
  })
})

t.test(
  'a start with a standby is refused there, since its workers have none that belong together',
  leftOut,
  async (t) => {
    t.match(await refusedStart(t, (address) => ({ READ_DATABASE_URL: toURL(address) })), {
      name: 'UnusableDatabase',
      message: /^READ_DATABASE_URL is set, and a Citus has no standby/,
    })
  },
)
