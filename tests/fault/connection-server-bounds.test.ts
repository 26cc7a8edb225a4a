import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import type { Connection } from '../../src/adapters/postgres/connection.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { ANN, BOB } from '../contract/store-calls.ts'
import { backendWaits, failureOf, openTestConnection, openTestStore } from '../support/database/connections.ts'
import { administer, createTestDatabase, isOnCitus, leftOutOnCitus } from '../support/database/database.ts'
import { createProtocolRelay, type ProtocolRelay } from '../support/faults/protocol-relay.ts'

/** What a busy machine may add. */
const MARGIN_MS = 700

const SETTINGS: Readonly<Record<string, string>> = {
  application_name: 'wallet-service',
  TimeZone: 'UTC',
  default_transaction_isolation: 'read committed',
  lock_timeout: '1s',
  statement_timeout: '1500ms',
  idle_in_transaction_session_timeout: '1500ms',
  client_connection_check_interval: '500ms',
  idle_session_timeout: '10min',
  plan_cache_mode: isOnCitus() ? 'auto' : 'force_generic_plan',
  enable_seqscan: 'off',
  jit: 'off',
}

t.test('5. the server bounds it too, on the connection', async (t) => {
  const connection = await openTestConnection(t, await createTestDatabase(t))
  for (const [name, value] of Object.entries(SETTINGS)) {
    const [[row]] = await connection.roundTrip((sql) => [
      sql<{ setting: string }[]>`SELECT current_setting(${name}::text) AS setting`,
    ])
    t.equal(row?.setting, value, name)
  }
})

interface Held {
  readonly database: ServerAddress
  readonly relay: ProtocolRelay
  readonly connection: Connection
}

/** A connection behind a relay, in a transaction that holds the lock on one wallet. */
async function holdLock(t: Test, userID: UserID): Promise<Held> {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  await store.open([ANN, BOB])
  const relay = await createProtocolRelay(t, database)
  const connection = await openTestConnection(t, relay.address)
  await connection.roundTrip((sql) => [statements.begin(sql), statements.lockWallets(sql, [userID])])
  return { database, relay, connection }
}

/** How long it takes until the lock on a wallet can be had. */
async function waitForLock(database: ServerAddress, userID: UserID): Promise<number> {
  const start = performance.now()
  await administer(
    database,
    `SET statement_timeout = 8000; SELECT FROM user_wallet WHERE user_id = '${userID}' FOR UPDATE`,
  )
  return performance.now() - start
}

t.test('5. a black-holed backend that rests in its transaction gives its row locks back', async (t) => {
  const { database, relay, connection } = await holdLock(t, ANN)
  relay.blackHole()
  connection.discard()
  const ms = await waitForLock(database, ANN)
  t.ok(ms <= TIMEOUTS_MS.idleInTransaction + MARGIN_MS, `after ${ms} ms`)
})

t.test('5. a black-holed backend that executes a statement gives its row locks back', async (t) => {
  const { database, relay, connection } = await holdLock(t, ANN)
  const lost = failureOf(connection.roundTrip((sql) => [sql`SELECT pg_sleep(8)`]))
  await backendWaits(relay, database, 'PgSleep')
  relay.blackHole()
  const ms = await waitForLock(database, ANN)
  t.ok(ms <= TIMEOUTS_MS.statement + MARGIN_MS, `after ${ms} ms`)
  t.match(await lost, { isConnectionError: true })
})

const NO_WAIT = {
  skip: leftOutOnCitus('it is a worker that waits for the lock; tests/citus/bounds.test.ts has its bounds'),
}
t.test('5. a black-holed backend that waits for a lock gives up, and its own row locks back', NO_WAIT, async (t) => {
  const { database, relay, connection } = await holdLock(t, ANN)
  const other = await openTestConnection(t, database)
  await other.roundTrip((sql) => [statements.begin(sql), statements.lockWallets(sql, [BOB])])
  const lost = failureOf(connection.roundTrip((sql) => [statements.lockWallets(sql, [BOB])]))
  await backendWaits(relay, database, 'Lock')
  relay.blackHole()
  const ms = await waitForLock(database, ANN)
  t.ok(ms <= TIMEOUTS_MS.lock + MARGIN_MS, `after ${ms} ms`)
  t.match(await lost, { isConnectionError: true })
})

t.test('5. the server notices within its check that the client of a statement is gone', async (t) => {
  const { database, relay, connection } = await holdLock(t, ANN)
  const lost = failureOf(connection.roundTrip((sql) => [sql`SELECT pg_sleep(8)`]))
  await backendWaits(relay, database, 'PgSleep')
  connection.discard()
  const ms = await waitForLock(database, ANN)
  t.ok(ms <= TIMEOUTS_MS.clientCheck + MARGIN_MS, `after ${ms} ms`)
  t.match(await lost, { isConnectionError: true })
})
