import t, { type Test } from 'tap'
import { createPostgresDeliveries } from '../../src/adapters/postgres/deliveries.ts'
import { StoreError } from '../../src/ports/wallet-store.ts'
import { openTestStore } from '../support/database/connections.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { declareRestored } from '../support/database/declare-restored.ts'
import { eventually } from '../support/eventually.ts'
import { deliveriesContract } from './deliveries-contract.ts'
import { ANN, command, deposit, transact } from './store-calls.ts'

const LIMIT_MS = 20_000
const SESSION = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

async function createWorld(t: Test) {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  return {
    ...{ database, store },
    deliveries() {
      const deliveries = createPostgresDeliveries(database)
      t.teardown(() => deliveries.close())
      return deliveries
    },
  }
}

deliveriesContract(t, createWorld)

t.test('with its session the right is lost at once, nothing more is kept, and another has it', async (t) => {
  const { database, deliveries, store } = await createWorld(t)
  const [one, other] = [deliveries(), deliveries()]
  await one.begin()
  const right = await one.take()
  if (right === undefined) throw new Error('someone else has the right')
  t.equal(await other.take(), undefined)
  await administer(database, `SELECT pg_terminate_backend(pid) FROM (${SESSION}) AS session`)
  await eventually('it is lost', LIMIT_MS, () => right.lost.aborted || undefined)
  await t.rejects(right.keepDelivered(await store.feedEnd()), StoreError)
  await t.rejects(right.keepFailure('late'), StoreError)
  await right.release()
  const next = await eventually('the other has it', LIMIT_MS, () => other.take())
  t.match(await next.read(), { batchSize: 0, failing: undefined })
  await next.release()
  t.ok(await one.take(), 'and the first may have it again')
})

t.test('the right is lost if nothing is asked for as long as it was lent', async (t) => {
  const { database, deliveries } = await createWorld(t)
  const lent = createPostgresDeliveries(database, 200)
  t.teardown(() => lent.close())
  // On a busy machine it may be lost before it is had.
  const right = await eventually('someone has it', LIMIT_MS, () => lent.take().catch(() => undefined))
  await eventually('it is lost', LIMIT_MS, () => right.lost.aborted || undefined)
  t.ok(await eventually('another has it', LIMIT_MS, () => deliveries().take()))
})

t.test('once the ledger was declared restored, the feed does not go on from the place that was kept', async (t) => {
  const { database, deliveries, store } = await createWorld(t)
  await store.open([ANN])
  await transact(store, command(ANN, deposit(1n)))
  const one = deliveries()
  await one.begin()
  const right = await one.take()
  if (right === undefined) throw new Error('someone else has the right')
  await right.keepDelivered(
    await eventually('it is in the feed', LIMIT_MS, async () => {
      const end = await store.feedEnd()
      return end.id === 1n ? end : undefined
    }),
  )
  const goOn = async () => {
    const delivery = await right.read()
    if (delivery === undefined) throw new Error('no place was kept')
    return (await store.feed({ after: delivery.after, limit: 1 })).kind
  }
  t.equal(await goOn(), 'page')
  await declareRestored(database)
  t.equal(await goOn(), 'gone')
  await right.release()
})
