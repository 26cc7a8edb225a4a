import { type FeedAnswer, type FeedPosition, type FeedQuery, isSamePosition } from '../domain/feed.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Failed, FeedWait } from '../ports/wallet-service.ts'
import type { WalletStore } from '../ports/wallet-store.ts'
import { type BatcherBounds, createBatcher, OVERLOADED } from './batcher.ts'

export interface FeedBounds extends BatcherBounds {
  /** How many readers may wait for something new; one more fails with `OVERLOADED`. */
  readonly maxWaiting: number
  /** How often the store is asked whether there is something, while anybody waits. */
  readonly pollMs: number
}

export interface FeedReader {
  read(query: FeedQuery, wait: FeedWait): Promise<FeedAnswer | Failed>
  /** Something may be there that those who wait for it have not seen. */
  wrote(): void
  /** Answers those who wait, and from now on at once. */
  endWaits(): void
}

interface Waiting {
  /** Up to here there was nothing. */
  readonly end: FeedPosition
  wake(): void
}

/** Reads the feed, and lets readers wait for what is not there yet: one look at the store serves all of them. */
export function createFeedReader(
  store: Pick<WalletStore, 'feed' | 'feedEnd' | 'feedHold'>,
  bounds: FeedBounds,
  telemetry: Telemetry | undefined,
): FeedReader {
  const reads = createBatcher<FeedQuery, FeedAnswer>({
    ...bounds,
    name: 'read_feed',
    ...(telemetry && { telemetry }),
    keysOf: () => [],
    readsOnly: true,
    run: (queries) => Promise.all(queries.map((query) => store.feed(query))),
  })
  const waiting = new Set<Waiting>()
  const readHold = watchHold(store)
  let ending = false
  let looking = false
  let nextLook: NodeJS.Timeout | undefined
  telemetry?.feed(() => ({ ...readHold(), waiting: waiting.size }))

  async function look(): Promise<void> {
    clearTimeout(nextLook)
    if (looking || waiting.size === 0) return
    looking = true
    // A store that fails is asked again.
    const end = await store.feedEnd().catch(() => undefined)
    looking = false
    if (end !== undefined) for (const each of waiting) if (!isSamePosition(each.end, end)) each.wake()
    if (waiting.size > 0) nextLook = setTimeout(look, bounds.pollMs)
  }

  /** Until there may be something behind `end`, the time is over, or no one waits any more. */
  function somethingNew(end: FeedPosition, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const limit = setTimeout(wake, ms)
      const entry = { end, wake }
      function wake(): void {
        clearTimeout(limit)
        signal?.removeEventListener('abort', wake)
        waiting.delete(entry)
        if (waiting.size === 0) clearTimeout(nextLook)
        resolve()
      }
      signal?.addEventListener('abort', wake)
      waiting.add(entry)
      void look()
    })
  }

  return {
    async read(query, { ms, signal }) {
      const deadline = performance.now() + ms
      for (let after = query.after; ; ) {
        const settled = await reads.submit({ ...query, after })
        if (settled.kind === 'failed') return settled
        const answer = settled.result
        const leftMs = deadline - performance.now()
        if (answer.kind !== 'page' || answer.page.transactions.length > 0) return answer
        if (leftMs <= 0 || ending || signal?.aborted === true) return answer
        const { next } = answer.page
        // A page that is narrowed may have looked at a part of what is there.
        if (isSamePosition(next, after)) {
          if (waiting.size >= bounds.maxWaiting) return OVERLOADED
          await somethingNew(next, leftMs, signal)
        }
        after = next
      }
    },
    wrote: () => void look(),
    endWaits() {
      ending = true
      for (const each of waiting) each.wake()
    },
  }
}

/**
 * What holds the feed back, as it was when it was last asked for: each answer begins the next look. How long a transaction is
 * under way is counted from the first look that met it, since a role without special rights is not told when it began.
 */
function watchHold(store: Pick<WalletStore, 'feedHold'>): () => { readonly heldMs: number; readonly prepared: number } {
  let looking = false
  let oldest: string | undefined
  let since = 0
  let prepared = 0

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    const hold = await store.feedHold().catch(() => undefined)
    looking = false
    if (hold === undefined) return
    if (hold.oldest !== oldest) since = performance.now()
    oldest = hold.oldest
    prepared = hold.prepared
  }

  return () => {
    void look()
    return { heldMs: oldest === undefined ? 0 : performance.now() - since, prepared }
  }
}
