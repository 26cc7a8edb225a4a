import { FEED_START, type FeedPosition } from '../../../src/domain/feed.ts'
import type { Transaction } from '../../../src/domain/transaction.ts'
import type { WalletStore } from '../../../src/ports/wallet-store.ts'

/** Reads the feed a page at a time, and keeps what came. */
export interface StoredFeedReader {
  readonly from: FeedPosition
  readonly read: readonly Transaction[]
  /** Where it was after each page. */
  readonly cursors: readonly FeedPosition[]
  /** Reads one page; says how many transactions it had. */
  step(limit: number): Promise<number>
  toEnd(): Promise<void>
}

export function createFeedReader(store: WalletStore, from: FeedPosition = FEED_START): StoredFeedReader {
  const read: Transaction[] = []
  const cursors: FeedPosition[] = [from]
  let after = from

  async function step(limit: number): Promise<number> {
    const answer = await store.feed({ after, limit })
    if (answer.kind !== 'page') throw new Error(`no page: ${answer.kind}`)
    read.push(...answer.page.transactions)
    after = answer.page.next
    cursors.push(after)
    return answer.page.transactions.length
  }

  return {
    from,
    read,
    cursors,
    step,
    async toEnd() {
      while ((await step(1000)) > 0);
    },
  }
}

/** The transaction in a word, for comparing. */
export function nameOf({ userID, id }: Pick<Transaction, 'userID' | 'id'>): string {
  return `${userID} ${id}`
}
