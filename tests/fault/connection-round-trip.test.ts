import t from 'tap'
import { plainArray } from '../../src/adapters/postgres/arrays.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import { toInstant } from '../../src/domain/instant.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { ANN, BOB, command, deposit, transact, transfer, withdraw } from '../contract/store-calls.ts'
import { failureOf, openTestConnection, openTestStore } from '../support/database/connections.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { createProtocolRelay } from '../support/faults/protocol-relay.ts'

t.test('7. every round trip settles when all its statements are done', async (t) => {
  const connection = await openTestConnection(t, await createTestDatabase(t))
  const start = performance.now()
  const [one, two] = await connection.roundTrip((sql) => [
    sql`SELECT pg_sleep(0.3)`,
    sql<{ two: number }[]>`SELECT 2 AS two`,
  ])
  t.ok(performance.now() - start >= 290)
  t.equal(one.length, 1)
  t.match(two, [{ two: 2 }])
})

t.test('7. every round trip settles with the error of the first statement that fails', async (t) => {
  const connection = await openTestConnection(t, await createTestDatabase(t))
  const { error } = await failureOf(
    connection.roundTrip((sql) => [sql`SELECT 1`, sql`SELECT 1 / 0`, sql`SELECT pg_sleep(1)`]),
  )
  t.match(error, { code: '22012', severity: 'ERROR' })
})

t.test('7. every round trip settles at its deadline, once: what comes later changes nothing', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  const connection = await openTestConnection(t, relay.address)
  relay.onServer(() => 'hold')
  const settlements: unknown[] = []
  const inFlight = connection.roundTrip((sql) => [sql`SELECT 1`])
  inFlight.then(
    () => settlements.push('done'),
    () => settlements.push('failed'),
  )
  const { isConnectionError, error, ms } = await failureOf(inFlight)
  t.ok(isConnectionError)
  t.match(error, { message: 'no answer within 2000 ms' })
  t.ok(ms >= TIMEOUTS_MS.roundTrip - 10 && ms < TIMEOUTS_MS.roundTrip + 500, `${ms} ms`)

  // No one has discarded it yet: the answer comes, and the connection stays dead.
  relay.onServer(() => 'pass')
  relay.release()
  t.match(await failureOf(connection.roundTrip((sql) => [sql`SELECT 2`])), { isConnectionError: true })
  t.same(settlements, ['failed'])
})

t.test('7. opening a connection settles at its deadline, however many round trips its warm-up takes', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  // Each answer comes within the time of a round trip, and all of them together do not.
  relay.onServer(({ type }) => {
    if (type === 'Z') setTimeout(relay.release, 600)
    return type === 'Z' ? 'hold' : 'pass'
  })
  const { isConnectionError, error, ms } = await failureOf(openTestConnection(t, relay.address))
  t.ok(isConnectionError)
  t.match(error, { message: 'not ready within 2000 ms' })
  t.ok(ms < TIMEOUTS_MS.open + 500, `${ms} ms`)
})

t.test('7. opening a connection settles where the server accepts and says nothing', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  relay.blackHole()
  const { isConnectionError, ms } = await failureOf(openTestConnection(t, relay.address))
  t.ok(isConnectionError)
  t.ok(ms < TIMEOUTS_MS.open + 500, `${ms} ms`)
})

t.test('8. parameters are strings that we serialised: none that is sent is NULL or binary', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  let count = 0
  relay.onClient(({ type, bytes }) => {
    if (type === 'B')
      for (const length of parameterLengths(bytes)) {
        count += 1
        if (length < 0) t.fail('a parameter is NULL')
      }
    return 'pass'
  })
  const store = await openTestStore(t, relay.address)
  await store.open([ANN, BOB])
  const one = command(ANN, deposit(5n))
  await transact(store, one, command(ANN, transfer(BOB, 2n)), command(ANN, withdraw(9n)))
  await store.outcome(ANN, one.transactionID)
  await store.history({ userID: ANN, limit: 10, createdAfter: toInstant(1n) })
  t.ok(count > 50, `${count} parameters`)
})

/** The lengths of a Bind's parameters, -1 for a NULL; fails where one is not sent as text. */
function parameterLengths(bind: Buffer): number[] {
  const statement = bind.indexOf(0, 5) + 1
  const formats = bind.indexOf(0, statement) + 1
  if (bind.readInt16BE(formats) !== 0) throw new Error('a parameter has a format of its own')
  const lengths: number[] = []
  let at = formats + 4
  for (let left = bind.readInt16BE(formats + 2); left > 0; left--) {
    const length = bind.readInt32BE(at)
    lengths.push(length)
    at += 4 + Math.max(length, 0)
  }
  return lengths
}

t.test(
  '8. an undefined among pipelined statements fails the round trip: no one is given the rows of another',
  async (t) => {
    const connection = await openTestConnection(t, await createTestDatabase(t))
    const nothing = [][0] as never
    const { error } = await failureOf(
      connection.roundTrip((sql) => [
        sql`SELECT 1 AS one`,
        sql`SELECT ${nothing}::text AS two`,
        sql`SELECT 3 AS three`,
      ]),
    )
    t.match(error, { code: 'UNDEFINED_VALUE' })
  },
)

t.test('8. an array of bigint passed bare fails with 42846, and as the text that we make of it passes', async (t) => {
  const connection = await openTestConnection(t, await createTestDatabase(t))
  const numbers = [1n, 9_007_199_254_740_993n]
  const bare = numbers as never
  await t.rejects(
    connection.roundTrip((sql) => [sql`SELECT ${bare}::bigint[] AS given`]),
    { code: '42846' },
  )
  const [rows] = await connection.roundTrip((sql) => [
    sql<{ given: string }[]>`SELECT unnest(${plainArray(numbers, (number) => number)}::bigint[]) AS given`,
  ])
  t.same(
    rows.map(({ given }) => given),
    ['1', '9007199254740993'],
    'int8 arrives as a string',
  )
})

t.test('8. int8 never becomes a number', async (t) => {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  await store.open([ANN])
  const connection = await openTestConnection(t, database)
  const [[wallet]] = await connection.roundTrip((sql) => [statements.readWallets(sql, [ANN])])
  t.same(
    Object.entries(wallet ?? {}).map(([name, value]) => [name, typeof value]),
    [
      ['user_id', 'string'],
      ['balance', 'string'],
      ['version', 'string'],
      // NULL while it is open.
      ['state', 'object'],
      ['created_at', 'string'],
      ['updated_at', 'string'],
    ],
  )
})
