import t, { type Test } from 'tap'
import type { Lane } from '../../src/adapters/postgres/lane.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import { storeForm } from '../../src/adapters/postgres/store-form.ts'
import { TIMEOUTS_MS } from '../../src/ports/timeouts.ts'
import { ANN, BOB } from '../contract/store-calls.ts'
import { startCitusWorld } from '../support/citus-world.ts'
import { administer, createTestDatabase } from '../support/database.ts'
import { failureOf, openTestLane, openTestStore } from '../support/lanes.ts'

/** What a busy machine may add. */
const MARGIN_MS = 700
const BOTH = { wallets: new Set([ANN, BOB]), transactionIDs: [] }

async function laneWithWallets(t: Test): Promise<{ lane: Lane; other: Lane }> {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  await store.open([ANN, BOB])
  return { lane: await openTestLane(t, database), other: await openTestLane(t, database) }
}

t.test('a lane knows that the tables are distributed, and has one connection to each worker', async (t) => {
  const { lane } = await laneWithWallets(t)
  t.equal(lane.isDistributed(), true)
  for (const [name, value] of [
    ['plan_cache_mode', 'auto'],
    ['citus.max_adaptive_executor_pool_size', '1'],
    ['citus.propagate_set_commands', 'local'],
  ] as const) {
    const [[row]] = await lane.roundTrip((sql) => [
      sql<{ setting: string }[]>`SELECT current_setting(${name}::text) AS setting`,
    ])
    t.equal(row?.setting, value, name)
  }
})

t.test('a lock that a worker waits for is given up as early as elsewhere', async (t) => {
  const { lane, other } = await laneWithWallets(t)
  await storeForm(lane).lock(lane, BOTH)
  const { error, ms } = await failureOf(storeForm(other).lock(other, BOTH))
  t.match(error, { code: '55P03' })
  t.ok(ms >= TIMEOUTS_MS.lock - 10 && ms < TIMEOUTS_MS.lock + MARGIN_MS, `${ms} ms`)
})

t.test('workers whose coordinator is gone without a word give the locks back', async (t) => {
  const { database, workers } = await startCitusWorld(t)
  const store = await openTestStore(t, database)
  await store.open([ANN, BOB])
  const lane = await openTestLane(t, database)
  await storeForm(lane).lock(lane, BOTH)
  // Nothing passes between the nodes any more, and nobody is told.
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
  const lane = await openTestLane(t, database)
  const { moment } = await storeForm(lane).lock(lane, BOTH)
  for (const { relay } of workers) relay.reset()
  const rich = { balance: 5n as never, version: 1n, createdAt: 1n as never, updatedAt: 1n as never }
  const wallets = [ANN, BOB].map((userID) => ({ userID, ...rich }))
  await t.rejects(
    lane.roundTrip((sql) => [storeForm(lane).updateWallets(sql, moment.fence, wallets), statements.commit(sql)]),
  )
  lane.discard()
  t.same(
    await administer(database, 'SELECT FROM user_wallet WHERE version <> 0'),
    [],
    'Citus does not reconnect behind us',
  )
})
