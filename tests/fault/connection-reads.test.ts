import t from 'tap'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { ANN, command, deposit, transact } from '../contract/store-calls.ts'
import { failureOf, openTestStore, watchSockets } from '../support/database/connections.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { createProtocolRelay } from '../support/faults/protocol-relay.ts'

t.test(
  '12. reads use connections of the same make: after a black hole they fail in their time, and all the later ones work',
  async (t) => {
    const relay = await createProtocolRelay(t, await createTestDatabase(t))
    const store = await openTestStore(t, relay.address, { readConnections: 4 })
    await store.open([ANN])
    await Promise.all([1, 2, 3, 4].map(() => store.wallets([ANN])))
    relay.blackHole()
    const lost = await Promise.all([1, 2, 3, 4].map(() => failureOf(store.wallets([ANN]))))
    for (const { error, ms } of lost) {
      t.match(error, { name: 'StoreError', written: 'no' })
      t.ok(ms < TIMEOUTS_MS.roundTrip + 500, `${ms} ms`)
    }
    relay.restore()
    const later = await Promise.all(Array.from({ length: 64 }, () => store.wallets([ANN])))
    t.equal(later.length, 64)
  },
)

t.test(
  '12. of connections at rest in a black hole only the first costs a deadline, whether they read or write',
  async (t) => {
    const relay = await createProtocolRelay(t, await createTestDatabase(t))
    const store = await openTestStore(t, relay.address, { readConnections: 4, writeConnections: 4 })
    await store.open([ANN])
    const users = ['a', 'b', 'c', 'd']
    await Promise.all(users.map(() => store.wallets([ANN])))
    await Promise.all(users.map(() => transact(store)))
    t.equal(relay.connections(), 8, 'all connections are open')
    relay.blackHole()
    relay.restore()
    const reads = await failureOf(store.wallets([ANN]))
    t.match(reads.error, { name: 'StoreError' })
    t.match(await store.wallets([ANN]), [{ balance: 0n }])

    const one = command(ANN, deposit(5n))
    const writes = await failureOf(transact(store, one))
    t.match(writes.error, { name: 'StoreError', written: 'no' })
    t.match(await transact(store, one), [{ kind: 'executed', replayed: false }])
  },
)

t.test(
  '12. a connection that died at rest is given to nobody: the next read and the next batch work at once',
  async (t) => {
    const relay = await createProtocolRelay(t, await createTestDatabase(t))
    const sockets = watchSockets(t)
    const store = await openTestStore(t, relay.address)
    await store.open([ANN])
    await transact(store)
    relay.reset()
    await eventually('the end of the connections', 1000, () => sockets.every(({ closed }) => closed) || undefined)
    t.match(await store.wallets([ANN]), [{ balance: 0n }])
    t.match(await transact(store, command(ANN, deposit(5n))), [{ kind: 'executed' }])
  },
)
