import t, { type Test } from 'tap'
import { createPostgresDeliveries } from '../../src/adapters/postgres/deliveries.ts'
import { StoreError } from '../../src/ports/wallet-store.ts'
import { openTestStore } from '../support/database/connections.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { deliveriesContract } from './deliveries-contract.ts'

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
  const right = await lent.take()
  await eventually('it is lost', LIMIT_MS, () => right?.lost.aborted || undefined)
  t.ok(await eventually('another has it', LIMIT_MS, () => deliveries().take()))
})
