import t from 'tap'
import { toUserID } from '../../src/domain/user-id.ts'
import { StoreError } from '../../src/ports/wallet-store.ts'
import { ANN, BOB, command, deposit, transact, transfer, withdraw } from '../contract/store-calls.ts'
import { createTestDatabase } from '../support/database.ts'
import { failureOf, openTestStore } from '../support/lanes.ts'
import { createProtocolRelay } from '../support/protocol-relay.ts'

const SIDES = ['onClient', 'onServer'] as const

for (const side of SIDES) {
  t.test(
    `11. a batch that was reset at any message (${side}) is done once, by the same IDs on a fresh lane`,
    async (t) => {
      const relay = await createProtocolRelay(t, await createTestDatabase(t))
      const store = await openTestStore(t, relay.address, { writeLanes: 1 })
      let tried = 0
      for (let nth = 1; ; nth++) {
        const users = [toUserID(`from-${nth}`), toUserID(`to-${nth}`)] as const
        await store.open(users)
        // A transfer, and a refusal, which takes a round trip of its own.
        const batch = [
          command(users[0], deposit(5n)),
          command(users[0], transfer(users[1], 2n)),
          command(users[0], withdraw(9n)),
        ]
        await transact(store, command(users[1], deposit(1n)))
        const connections = relay.connections()

        let seen = 0
        relay[side](() => {
          seen += 1
          return seen === nth ? 'reset' : 'pass'
        })
        const first = await failureOf(transact(store, ...batch))
        relay[side](() => 'pass')
        if (seen < nth) break
        tried += 1

        const { error } = first
        if (!(error instanceof StoreError)) throw error
        const outcomes = await transact(store, ...batch)
        const replayed = outcomes.map((outcome) => outcome.kind !== 'rejected' && outcome.replayed)
        t.ok(new Set(replayed).size === 1, `at message ${nth}: all of it was kept before, or nothing`)
        if (error.written === 'no') t.ok(!replayed[0], `at message ${nth}: what was surely not written is executed now`)
        t.equal(relay.connections(), connections + 1, `at message ${nth}: on a fresh lane`)
        const [from, to] = await store.wallets(users)
        t.match(
          [from, to],
          [
            { balance: 3n, version: 2n },
            { balance: 3n, version: 2n },
          ],
          `at message ${nth}: once`,
        )
      }
      t.ok(tried > 15, `${tried} messages`)
    },
  )
}

t.test('11. a deadline too: COMMIT was done and its answer swallowed, and the repetition is a replay', async (t) => {
  const relay = await createProtocolRelay(t, await createTestDatabase(t))
  const store = await openTestStore(t, relay.address, { writeLanes: 1 })
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
