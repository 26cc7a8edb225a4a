import t from 'tap'
import { prepareReads, prepareWrites } from '../../src/adapters/postgres/prepare.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import type { Command } from '../../src/domain/command.ts'
import { after, toInstant } from '../../src/domain/instant.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import { StoreError } from '../../src/ports/wallet-store.ts'
import { command, deposit, transact, transfer, withdraw } from '../contract/store-calls.ts'
import { failureOf, openTestConnection, openTestStore } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'
import { createProtocolRelay, type ProtocolRelay } from '../support/faults/protocol-relay.ts'

/** Notes what is prepared on a connection after its warm-up, whose last statement is a ROLLBACK. */
function watchPreparing(relay: ProtocolRelay): readonly string[] {
  const warm = new Set<number>()
  const prepared: string[] = []
  relay.onClient(({ type, text }, connection) => {
    if (type === 'P' && warm.has(connection)) prepared.push(text)
    if (type === 'B' && text === 'ROLLBACK') warm.add(connection)
    return 'pass'
  })
  return prepared
}

t.test('6. warmed up: in use, no statement is sent for the first time', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  const prepared = watchPreparing(relay)
  const store = await openTestStore(t, relay.address)
  const [ann, bob] = [toUserID('ann'), toUserID('bob')]
  await store.ping()
  await store.open([ann, bob])
  const one = command(ann, deposit(5n))
  await transact(store, one, command(ann, transfer(bob, 2n)), command(ann, withdraw(9n)))
  await store.wallets([ann, bob])
  await store.outcome(ann, one.transactionID)
  const instant = toInstant(1n)
  await store.history({
    userID: ann,
    limit: 10,
    createdAfter: instant,
    createdBefore: instant,
    idBefore: 9n,
    types: [1],
  })
  const { now } = await store.outcome(ann, one.transactionID)
  await store.walletAt({ userID: ann, at: after(now, -1n) })
  await store.statement({ userID: ann, from: instant, to: now })
  t.same(prepared, [])
  t.equal(relay.connections(), 2, 'a connection that writes and one that reads')
})

t.test('6. warmed up on nothing: a connection that was opened has written nothing', async (t) => {
  const database = await createTestDatabase(t)
  await openTestConnection(t, database, prepareWrites)
  await openTestConnection(t, database, prepareReads)
  for (const table of ['user_wallet', 'user_wallet_transaction', 'user_wallet_refusal'])
    t.same(await administer(database, `SELECT FROM ${table}`), [], table)
})

t.test(
  '6. a connection that breaks at the first use of a statement, with others parked behind it, settles',
  async (t) => {
    const relay = await createProtocolRelay(t, await createTestDatabase(t))
    for (const type of ['1', 't', 'T', '2', 'D', 'C', 'Z']) {
      relay.onServer(() => 'pass')
      const connection = await openTestConnection(t, relay.address, async (connection) => {
        await connection.roundTrip((sql) => [statements.begin(sql)])
      })
      relay.onServer((message) => (message.type === type ? 'reset' : 'pass'))
      const { isConnectionError, ms } = await failureOf(
        connection.roundTrip((sql) => [
          statements.readKnown(sql, []),
          statements.lockWallets(sql, []),
          statements.rollback(sql),
        ]),
      )
      t.ok(isConnectionError && ms < 1000, `at ${type}: ${ms} ms`)
    }
  },
)

/** Holds the server's answers from the message `first` on until `last` has come: what comes between waits for no answer. */
function demandOneRoundTrip(relay: ProtocolRelay, first: (text: string) => boolean, last: (text: string) => boolean) {
  let holding = false
  let times = 0
  relay.onClient(({ type, text }) => {
    if (type === 'B' && first(text)) holding = true
    if ((type === 'B' || type === 'Q') && last(text) && holding) {
      holding = false
      times += 1
      setImmediate(relay.release)
    }
    return 'pass'
  })
  relay.onServer(() => (holding ? 'hold' : 'pass'))
  return () => times
}

/** As long as a user ID can be, and four bytes a character. */
const longUser = (index: number): UserID => toUserID(`${String(index).padEnd(4, '-')}${'🪙'.repeat(124)}`)

const SHAPES: readonly (readonly [string, number, (index: number) => UserID])[] = [
  ['1 transfer', 1, (index) => toUserID(`user-${index}`)],
  ['16 transfers', 16, (index) => toUserID(`user-${index}`)],
  ['512 transfers', 512, (index) => toUserID(`user-${index}`)],
  ['512 transfers between users with the longest IDs', 512, longUser],
]

for (const [name, count, nameUser] of SHAPES) {
  t.test(`a batch of ${name} reads in one round trip and writes in one`, async (t) => {
    const relay = await createProtocolRelay(t, await createTestDatabase(t))
    const store = await openTestStore(t, relay.address, { writeConnections: 1 })
    const users = Array.from({ length: 2 * count }, (_, index) => nameUser(index))
    await store.open(users)
    const pairs = Array.from({ length: count }, (_, index) => [users[2 * index], users[2 * index + 1]] as const)
    const deposits = pairs.flatMap(([from]) => (from ? [command(from, deposit(5n))] : []))
    await transact(store, ...deposits)
    const transfers = (): Command[] =>
      pairs.flatMap(([from, to]) => (from && to ? [command(from, transfer(to, 2n))] : []))

    const reads = demandOneRoundTrip(
      relay,
      (text) => text === 'BEGIN',
      (text) => text.includes('JOIN user_wallet_refusal'),
    )
    t.ok((await transact(store, ...transfers())).every(({ kind }) => kind === 'executed'))
    t.equal(reads(), 1)
    const writes = demandOneRoundTrip(
      relay,
      (text) => text.startsWith('INSERT INTO user_wallet_transaction'),
      (text) => text === 'COMMIT',
    )
    t.ok((await transact(store, ...transfers())).every(({ kind }) => kind === 'executed'))
    t.equal(writes(), 1)
  })
}

const WRITE_BUFFER_BYTES = 4 * 1024 * 1024

t.test(
  'a batch larger than the write buffer, whose last statements are parked, is done, and safe when its connection breaks',
  { skip: leftOutOnCitus('sixteen times as many wallets as a batch may have outlast a statement there') },
  async (t) => {
    const database = await createTestDatabase(t)
    const relay = await createProtocolRelay(t, database)
    const store = await openTestStore(t, relay.address, { writeConnections: 1 })
    const users = Array.from({ length: 8192 }, (_, index) => longUser(index))
    await store.open(users)
    const batch = users.map((userID) => command(userID, deposit(1n)))
    await transact(store)
    const connections = relay.connections()
    relay.onClient(({ type, text, bytes }) => {
      if (type !== 'B' || !text.startsWith('INSERT')) return 'pass'
      t.ok(bytes.length > WRITE_BUFFER_BYTES, `${bytes.length} bytes`)
      return 'reset'
    })
    const { error } = await failureOf(transact(store, ...batch))
    t.ok(error instanceof StoreError)
    t.equal(relay.connections(), connections, 'nothing reconnects for what is parked')
    relay.onClient(() => 'pass')
    t.same(await administer(database, 'SELECT FROM user_wallet_transaction'), [])
    t.ok((await transact(store, ...batch)).every((outcome) => outcome.kind === 'executed' && !outcome.replayed))
  },
)
