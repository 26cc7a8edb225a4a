import t, { type Test } from 'tap'
import type { Connection } from '../../src/adapters/postgres/connection.ts'
import { dialectOf } from '../../src/adapters/postgres/dialect.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { ANN, BOB, command, transfer } from '../contract/store-calls.ts'
import { startCitusWorld } from '../support/citus/citus-world.ts'
import { failureOf, openTestConnection, openTestStore } from '../support/database/connections.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'

/** What a busy machine may add. */
const MARGIN_MS = 700
const BOTH = [command(ANN, transfer(BOB, 1n))]

async function connectionWithWallets(t: Test): Promise<{ connection: Connection; other: Connection }> {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  await store.open([ANN, BOB])
  return { connection: await openTestConnection(t, database), other: await openTestConnection(t, database) }
}

t.test('a connection knows that the tables are distributed, and has one connection to each worker', async (t) => {
  const { connection } = await connectionWithWallets(t)
  t.equal(connection.isDistributed(), true)
  for (const [name, value] of [
    ['plan_cache_mode', 'auto'],
    ['citus.max_adaptive_executor_pool_size', '1'],
    ['citus.propagate_set_commands', 'local'],
  ] as const) {
    const [[row]] = await connection.roundTrip((sql) => [
      sql<{ setting: string }[]>`SELECT current_setting(${name}::text) AS setting`,
    ])
    t.equal(row?.setting, value, name)
  }
})

t.test('a lock that a worker waits for is given up as early as elsewhere', async (t) => {
  const { connection, other } = await connectionWithWallets(t)
  await dialectOf(connection).lock(connection, [ANN, BOB], BOTH)
  const { error, ms } = await failureOf(dialectOf(other).lock(other, [ANN, BOB], BOTH))
  t.match(error, { code: '55P03' })
  t.ok(ms >= TIMEOUTS_MS.lock - 10 && ms < TIMEOUTS_MS.lock + MARGIN_MS, `${ms} ms`)
})

t.test('workers whose coordinator is gone without a word give the locks back', async (t) => {
  const { database, workers } = await startCitusWorld(t)
  const store = await openTestStore(t, database)
  await store.open([ANN, BOB])
  const connection = await openTestConnection(t, database)
  await dialectOf(connection).lock(connection, [ANN, BOB], BOTH)
  // Nothing passes between the nodes any more, and no one is told.
  for (const { relay } of workers) relay.blackHole()
  const start = performance.now()
  for (const { address } of workers) {
    const shards = await administer(
      address,
      `SELECT shard_name FROM citus_shards WHERE table_name = 'user_wallet'::regclass AND nodeport = (
         SELECT nodeport FROM pg_dist_node WHERE groupid = (SELECT groupid FROM pg_dist_local_group))`,
    )
    for (const { shard_name } of shards) await administer(address, `SELECT FROM ${shard_name} FOR UPDATE`)
  }
  const ms = performance.now() - start
  t.ok(ms <= TIMEOUTS_MS.idleInTransaction + MARGIN_MS, `after ${ms} ms`)
  for (const { relay } of workers) {
    relay.restore()
    relay.reset()
  }
})

t.test('a worker whose connection ends between the lock and the write fails the whole batch', async (t) => {
  const { database, workers } = await startCitusWorld(t)
  const store = await openTestStore(t, database)
  await store.open([ANN, BOB])
  const connection = await openTestConnection(t, database)
  const { clock } = await dialectOf(connection).lock(connection, [ANN, BOB], BOTH)
  for (const { relay } of workers) relay.reset()
  const rich = { balance: 5n as never, version: 1n, createdAt: 1n as never, updatedAt: 1n as never }
  const wallets = [ANN, BOB].map((userID) => ({ userID, ...rich }))
  await t.rejects(
    connection.roundTrip((sql) => [
      dialectOf(connection).updateWallets(sql, clock.xid, wallets),
      statements.commit(sql),
    ]),
  )
  connection.discard()
  t.same(
    await administer(database, 'SELECT FROM user_wallet WHERE version <> 0'),
    [],
    'Citus does not reconnect behind us',
  )
})
