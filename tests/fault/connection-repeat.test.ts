import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import { StoreError } from '../../src/ports/wallet-store.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { ANN, BOB, command, deposit, transact, transfer, withdraw } from '../contract/store-calls.ts'
import { failureOf, openTestConnection, openTestStore } from '../support/database/connections.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { createProtocolRelay } from '../support/faults/protocol-relay.ts'

const SIDES = ['onClient', 'onServer'] as const

interface Fault {
  readonly side: (typeof SIDES)[number]
  /** Which message of the batch it strikes, from 1. */
  readonly nth: number
  readonly verdict: 'reset' | 'hold'
}

/** Runs a batch that meets a fault, repeats it, and checks that it was done once. Says whether there was such a message. */
async function survives(t: Test, database: ServerAddress, { side, nth, verdict }: Fault): Promise<boolean> {
  const relay = await createProtocolRelay(t, database)
  const store = await openTestStore(t, relay.address, { writeConnections: 1, readConnections: 1 })
  const from = toUserID(`from-${nth}-${side}-${verdict}`)
  const to = toUserID(`to-${nth}-${side}-${verdict}`)
  await store.open([from, to])
  await transact(store, command(to, deposit(1n)))
  const connections = relay.connections()
  // A transfer, and a refusal, which takes a round trip of its own.
  const batch = [command(from, deposit(5n)), command(from, transfer(to, 2n)), command(from, withdraw(9n))]

  let seen = 0
  relay[side](() => {
    seen += 1
    return seen === nth ? verdict : 'pass'
  })
  const { error } = await failureOf(transact(store, ...batch))
  relay[side](() => 'pass')
  if (seen < nth) {
    await store.close()
    return false
  }

  // What was held comes now, late.
  relay.release()
  if (!(error instanceof StoreError)) throw error
  const outcomes = await transact(store, ...batch)
  const replayed = new Set(outcomes.map((outcome) => outcome.kind !== 'rejected' && outcome.replayed))
  const at = `${side} ${nth}`
  t.equal(replayed.size, 1, `${at}: all of it was kept before, or nothing`)
  if (error.written === 'no') t.ok(replayed.has(false), `${at}: what was surely not written is executed now`)
  t.equal(relay.connections(), connections + 1, `${at}: on a fresh connection`)
  const once = { balance: 3n, version: 2n }
  t.match(await store.wallets([from, to]), [once, once], `${at}: once`)
  await store.close()
  await relay.close()
  return true
}

/** So many at a time: each waits for its deadline, and has two connections of its own. */
const AT_ONCE = 6

for (const verdict of ['reset', 'hold'] as const) {
  const fault = verdict === 'reset' ? 'whose connection was reset' : 'whose connection fell silent'
  t.test(`11. a batch ${fault} at any message is done once, by the same IDs on a fresh connection`, async (t) => {
    const database = await createTestDatabase(t)
    for (const side of SIDES) {
      let struck = 0
      for (;;) {
        const next = Array.from({ length: AT_ONCE }, (_, index) => ({ side, verdict, nth: struck + 1 + index }))
        const met = await Promise.all(next.map((fault) => survives(t, database, fault)))
        struck += met.filter(Boolean).length
        if (met.includes(false)) break
      }
      t.ok(struck > 15, `${side}: ${struck} messages`)
    }
  })
}

t.test('11. a deadline too: COMMIT was done and its answer swallowed, and the repetition is a replay', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  const store = await openTestStore(t, relay.address, { writeConnections: 1 })
  await store.open([ANN, BOB])
  let committed = false
  relay.onServer(({ type, text }) => {
    committed ||= type === 'C' && text === 'COMMIT'
    return committed ? 'drop' : 'pass'
  })
  const one = command(ANN, deposit(7n))
  const { error, ms } = await failureOf(transact(store, one))
  t.match(error, { name: 'StoreError', written: 'unknown' })
  t.ok(ms > 1900 && ms < 3000, `${ms} ms`)
  relay.onServer(() => 'pass')
  t.match(await transact(store, one), [{ kind: 'executed', replayed: true, transaction: { id: 1n, balance: 7n } }])
})

t.test(
  '11. an error of the server too: a batch that waited for a lock in vain is done on a fresh connection',
  async (t) => {
    const database = await createTestDatabase(t)
    const relay = await createProtocolRelay(t, database)
    const store = await openTestStore(t, relay.address, { writeConnections: 1 })
    await store.open([ANN])
    const other = await openTestConnection(t, database)
    await other.roundTrip((sql) => [statements.begin(sql), statements.lockWallets(sql, [ANN])])
    const one = command(ANN, deposit(7n))
    const { error, ms } = await failureOf(transact(store, one))
    t.match(error, { name: 'StoreError', written: 'no', cause: { code: '55P03' } })
    t.ok(ms < TIMEOUTS_MS.statement, `${ms} ms`)
    other.discard()
    const connections = relay.connections()
    t.match(await transact(store, one), [{ kind: 'executed', replayed: false }])
    t.equal(relay.connections(), connections + 1)
  },
)
