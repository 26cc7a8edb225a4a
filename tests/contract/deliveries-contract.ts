import type { Test } from 'tap'
import { FEED_START, type FeedPosition } from '../../src/domain/feed.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import type { Deliveries, DeliveryRight } from '../../src/ports/webhook.ts'
import { eventually } from '../support/eventually.ts'
import { ANN, command, deposit, transact } from './store-calls.ts'

const LIMIT_MS = 20_000

/** On a server that others use, one of theirs may hold the feed back for a moment. */
async function feedHas(store: WalletStore, id: bigint): Promise<FeedPosition> {
  return eventually(`transaction ${id} is in the feed`, LIMIT_MS, async () => {
    const end = await store.feedEnd()
    return end.id === id ? end : undefined
  })
}

export interface DeliveriesWorld {
  readonly store: WalletStore
  /** Those of one more instance. */
  deliveries(): Deliveries
}

/** What is kept of the delivery of webhooks, by whatever keeps it. */
export function deliveriesContract(t: Test, createWorld: (t: Test) => Promise<DeliveriesWorld>): void {
  async function taken(deliveries: Deliveries): Promise<DeliveryRight> {
    const right = await deliveries.take()
    if (right === undefined) throw new Error('someone else has the right')
    return right
  }

  t.test('delivery begins at the end of the feed as it is then, once', async (t) => {
    const { store, deliveries } = await createWorld(t)
    await store.open([ANN])
    await transact(store, command(ANN, deposit(1n)))
    await feedHas(store, 1n)
    const [one, other] = [deliveries(), deliveries()]
    const right = await taken(one)
    t.equal(await right.read(), undefined)
    await one.begin()
    const begun = await right.read()
    t.match(begun, { after: { userID: 'ann', id: 1n }, batchSize: 0, behindMs: 0 })
    t.strictSame([begun?.deliveredAt, begun?.failing], [undefined, undefined])
    await transact(store, command(ANN, deposit(1n)))
    await Promise.all([one.begin(), other.begin(), right.begin()])
    t.strictSame((await right.read())?.after, begun?.after)
    await right.release()
  })

  t.test('in an empty ledger it begins at the start of the feed', async (t) => {
    const deliveries = (await createWorld(t)).deliveries()
    await deliveries.begin()
    const right = await taken(deliveries)
    t.strictSame((await right.read())?.after, FEED_START)
    await right.release()
  })

  t.test('what is kept is there for whoever delivers next', async (t) => {
    const { store, deliveries } = await createWorld(t)
    await store.open([ANN])
    const [one, other] = [deliveries(), deliveries()]
    await one.begin()
    const first = await taken(one)
    await transact(store, command(ANN, deposit(1n)))
    await first.keepBatch(7)
    await first.keepFailure('answered 500')
    await first.keepFailure('answered 502')
    await first.release()

    const second = await taken(other)
    const failed = await second.read()
    t.match(failed, { after: FEED_START, batchSize: 7, failing: { failures: 2, error: 'answered 502' } })
    t.equal(failed?.deliveredAt, undefined)
    t.ok(failed !== undefined && failed.behindMs >= 0)
    const end = await feedHas(store, 1n)
    await second.keepDelivered(end)
    const done = await second.read()
    t.match(done, { after: end, batchSize: 0, behindMs: 0 })
    t.equal(done?.failing, undefined)
    t.type(done?.deliveredAt, 'bigint')
    await second.release()
  })

  t.test('one at a time has the right, and who releases it loses it', async (t) => {
    const { deliveries } = await createWorld(t)
    const [one, other] = [deliveries(), deliveries()]
    const right = await taken(one)
    t.equal(await other.take(), undefined)
    t.equal(await one.take(), undefined, 'not even the same instance has it twice')
    t.notOk(right.lost.aborted)
    await right.release()
    t.ok(right.lost.aborted)
    await (await taken(other)).release()
  })
}
