import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { openSocket } from '../../src/adapters/postgres/socket.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import { command, deposit, transact } from '../contract/store-calls.ts'
import {
  backendsGone,
  backendWaits,
  failureOf,
  openTestConnection,
  openTestStore,
  watchSockets,
} from '../support/database/connections.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { createProtocolRelay, type ProtocolRelay } from '../support/faults/protocol-relay.ts'

/** Well below the deadline of a round trip: anyone who fails so fast has heard of the end. */
const AT_ONCE_MS = 1000

t.test('1. one client, one socket, one user of it, one batch at a time', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  const store = await openTestStore(t, relay.address, { writeConnections: 2 })
  const users = Array.from({ length: 40 }, (_, index) => toUserID(`user-${index}`))
  await store.open(users)

  const inBatch = new Set<number>()
  const used = new Set<number>()
  let batches = 0
  relay.onClient(({ type, text }, connection) => {
    if (type === 'B' && text === 'BEGIN') {
      if (inBatch.has(connection)) t.fail('a batch began on a connection that had not done another')
      inBatch.add(connection)
    }
    return 'pass'
  })
  relay.onServer(({ type, text }, connection) => {
    if (type === 'C' && (text === 'COMMIT' || text === 'ROLLBACK')) inBatch.delete(connection)
    if (type === 'C' && text === 'COMMIT') {
      used.add(connection)
      batches += 1
    }
    return 'pass'
  })
  await Promise.all(users.map((userID) => transact(store, command(userID, deposit(1n)))))
  t.equal(batches, users.length)
  t.equal(used.size, 2, 'as many connections as there are connections')
})

t.test('2. the socket is ours and single-use: the client never reconnects behind us', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  // Without a warm-up the second statement and the third are parked behind the first use of one: that is when the
  // package has something to reconnect for.
  const connection = await openTestConnection(t, relay.address, async () => {})
  relay.onServer(({ type }) => (type === 't' ? 'reset' : 'pass'))
  const { isConnectionError, ms } = await failureOf(
    connection.roundTrip((sql) => [
      statements.begin(sql),
      statements.lockWallets(sql, []),
      statements.readKnown(sql, []),
    ]),
  )
  t.ok(isConnectionError)
  t.ok(ms < AT_ONCE_MS, `${ms} ms`)

  relay.onServer(() => 'pass')
  for (let again = 0; again < 3; again++) {
    await nextTurn()
    const later = await failureOf(connection.roundTrip((sql) => [sql`SELECT 1`]))
    t.ok(later.isConnectionError, 'every later round trip fails')
  }
  await openTestConnection(t, relay.address)
  t.equal(relay.connections(), 2, 'the connection of before and the new one')
})

t.test('2. the socket is ours: it connects within a timeout of its own', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  relay.blackHole()
  const { error, ms } = await failureOf(openSocket({ ...relay.address, sslmode: 'require' }, 300))
  t.match(error, { message: 'no connection within 300 ms' })
  t.ok(ms < AT_ONCE_MS, `${ms} ms`)
})

const DEATHS: readonly (readonly [string, (relay: ProtocolRelay, database: ServerAddress) => unknown])[] = [
  ['reset', (relay) => relay.reset()],
  [
    'ended by the server',
    (relay, database) =>
      administer(database, `SELECT ${relay.backendPIDs().map((pid) => `pg_terminate_backend(${pid})`)}`),
  ],
  ['closed', (relay) => relay.close()],
]

for (const [how, kill] of DEATHS) {
  t.test(
    `3. we hear it die when it is ${how}: the round trip in flight is rejected then, and the connection is dead`,
    async (t) => {
      const database = await createTestDatabase(t)
      const relay = await createProtocolRelay(t, database)
      const connection = await openTestConnection(t, relay.address)
      const inFlight = failureOf(connection.roundTrip((sql) => [sql`SELECT pg_sleep(1.4)`]))
      await backendWaits(relay, database, 'PgSleep')
      const killed = performance.now()
      await kill(relay, database)
      t.match(await inFlight, { isConnectionError: true })
      t.ok(performance.now() - killed < AT_ONCE_MS)
      t.equal(connection.isDead(), true)
      t.match(await failureOf(connection.roundTrip(() => t.fail('nothing is sent any more') as never)), {
        isConnectionError: true,
      })
    },
  )

  t.test(`3. we hear an idle connection die when it is ${how}`, async (t) => {
    const database = await createTestDatabase(t)
    const relay = await createProtocolRelay(t, database)
    const connection = await openTestConnection(t, relay.address)
    await kill(relay, database)
    t.ok(await eventually('the end of the connection', AT_ONCE_MS, () => connection.isDead() || undefined))
  })
}

t.test('3. after its close an empty error listener stays on the socket', async (t) => {
  const sockets = watchSockets(t)
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  const connection = await openTestConnection(t, relay.address)
  const [socket] = sockets
  relay.reset()
  await eventually('the end of the connection', AT_ONCE_MS, () => (connection.isDead() && socket?.closed) || undefined)
  await nextTurn()
  t.doesNotThrow(() => socket?.emit('error', new Error('a late error')))
  connection.discard()
})

t.test(
  '4. the options: no types are fetched, statements stay prepared, nothing ends a connection for its age or its rest',
  async (t) => {
    const relay = await createProtocolRelay(t, await createTestDatabase(t))
    const delays: number[] = []
    const { setTimeout } = globalThis
    t.intercept(globalThis, 'setTimeout', {
      value: Object.assign((...given: Parameters<typeof setTimeout>) => {
        delays.push(given[1] ?? 0)
        return setTimeout(...given)
      }, setTimeout),
    })
    const sent: string[] = []
    relay.onClient(({ type, text }) => {
      sent.push(`${type} ${text}`)
      return 'pass'
    })
    const connection = await openTestConnection(t, relay.address)
    t.notOk(sent.some((message) => message.includes('pg_type')))
    t.ok(delays.length > 0 && Math.max(...delays) <= 2000, `timers of ${delays} ms`)

    sent.length = 0
    await connection.roundTrip((sql) => [statements.begin(sql), statements.rollback(sql)])
    t.same(
      sent.filter((message) => message.startsWith('P ')),
      [],
    )
  },
)

t.test('4. the options: what the server notes is not printed', async (t) => {
  const connection = await openTestConnection(t, await createTestDatabase(t))
  const printed = t.capture(console, 'log')
  await connection.roundTrip((sql) => [sql`DO $$ BEGIN RAISE NOTICE 'a note'; END $$`])
  t.same(printed(), [])
})

t.test(
  '11. on any error the connection is thrown away: the socket is destroyed, and the backend is soon gone',
  async (t) => {
    const database = await createTestDatabase(t)
    const relay = await createProtocolRelay(t, database)
    const sockets = watchSockets(t)
    const connection = await openTestConnection(t, relay.address)
    const [socket] = sockets
    const inFlight = failureOf(connection.roundTrip((sql) => [sql`SELECT pg_sleep(1.4)`]))
    await backendWaits(relay, database, 'PgSleep')
    connection.discard()
    t.equal(socket?.destroyed, true)
    t.match(await inFlight, { isConnectionError: true })
    await backendsGone(database, relay.backendPIDs(), AT_ONCE_MS)
  },
)
