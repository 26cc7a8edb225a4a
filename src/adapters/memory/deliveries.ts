import type { FeedPosition } from '../../domain/feed.ts'
import type { Clock, WalletStore } from '../../ports/wallet-store.ts'
import type { Deliveries, Delivery, DeliveryRight } from '../../ports/webhook.ts'

/** How far the webhook has come, in memory: for tests, beside the memory store. */
export function createMemoryDeliveries(store: Pick<WalletStore, 'feed' | 'feedEnd'>, clock: Clock): Deliveries {
  let kept: Omit<Delivery, 'behindMs'> | undefined
  let taken = false

  async function begin(): Promise<void> {
    const after = await store.feedEnd()
    kept ??= { after, batchSize: 0, deliveredAt: undefined, failing: undefined }
  }

  async function read(): Promise<Delivery | undefined> {
    return kept && { ...kept, behindMs: await behind(kept.after) }
  }

  async function behind(after: FeedPosition): Promise<number> {
    const answer = await store.feed({ after, limit: 1 })
    const oldest = answer.kind === 'page' ? answer.page.transactions[0] : undefined
    return oldest === undefined ? 0 : Number((clock() - oldest.createdAt) / 1000n)
  }

  function right(): DeliveryRight {
    const lost = new AbortController()
    return {
      lost: lost.signal,
      read,
      begin,
      async keepBatch(batchSize) {
        kept &&= { ...kept, batchSize }
      },
      async keepDelivered(after) {
        kept &&= { after, batchSize: 0, deliveredAt: clock(), failing: undefined }
      },
      async keepFailure(error) {
        const { since = clock(), failures = 0 } = kept?.failing ?? {}
        kept &&= { ...kept, failing: { since, failures: failures + 1, error } }
      },
      async release() {
        taken = false
        lost.abort()
      },
    }
  }

  return {
    begin,
    async take() {
      if (taken) return undefined
      taken = true
      return right()
    },
    async close() {},
  }
}
