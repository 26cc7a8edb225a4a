import type { Test } from 'tap'
import { FEED_START, type FeedPage, type FeedPosition, MAX_FEED_LOOKED_AT } from '../../src/domain/feed.ts'
import { parseReference, type Reference, toNote } from '../../src/domain/note.ts'
import type { Transaction, TransactionID } from '../../src/domain/transaction.ts'
import type { LedgerReads } from '../../src/ports/inspection.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { eventually } from '../support/eventually.ts'
import {
  ANN,
  BOB,
  type CreateStore,
  command,
  deposit,
  executed,
  history,
  transact,
  transfer,
  withdraw,
} from './store-calls.ts'

const RENT = parseReference('rent') as Reference
const WAIT_LIMIT_MS = 10_000

type Narrowing = { readonly userID?: typeof ANN; readonly reference?: Reference }

async function page(store: WalletStore, after: FeedPosition, limit = 1000, only: Narrowing = {}): Promise<FeedPage> {
  const answer = await store.feed({ after, limit, ...only })
  if (answer.kind !== 'page') throw new Error(`no page: ${answer.kind}`)
  return answer.page
}

const inShort = ({ userID, id }: Transaction) => `${userID} ${id}`

/**
 * From `after` on until `count` transactions have come. On a server that others use, one of theirs may hold the last ones back
 * for a moment.
 */
async function follow(
  store: WalletStore,
  count: number,
  { after = FEED_START, limit = 1000, ...only }: { after?: FeedPosition; limit?: number } & Narrowing = {},
): Promise<{ read: Transaction[]; next: FeedPosition }> {
  const read: Transaction[] = []
  let next = after
  await eventually(`${count} transactions`, WAIT_LIMIT_MS, async () => {
    const found = await page(store, next, limit, only)
    read.push(...found.transactions)
    next = found.next
    return read.length >= count ? true : undefined
  })
  return { read, next }
}

/** How every store lets the transactions of all wallets be read. */
export function feedContract(t: Test, createStore: CreateStore): void {
  /** Seven transactions in four batches. */
  async function sevenTransactions(t: Test): Promise<WalletStore & LedgerReads> {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await executed(store, command(BOB, deposit(9n)))
    await executed(store, command(ANN, deposit(9n)))
    await transact(store, command(BOB, transfer(ANN, 1n)), command(ANN, withdraw(2n)))
    await executed(store, command(ANN, transfer(BOB, 3n)))
    return store
  }

  t.test('an empty ledger has an empty page, whose end is before everything', async (t) => {
    const store = await createStore(t)
    const empty = await page(store, FEED_START)
    t.strictSame(empty, { transactions: [], next: FEED_START })
    t.strictSame(await store.feedEnd(), FEED_START)
    await store.open([ANN])
    await executed(store, command(ANN, deposit(1n)))
    t.strictSame((await follow(store, 1, { after: empty.next })).read.map(inShort), ['ann 1'])
  })

  t.test('every transaction comes once, batch by batch, as the histories have it', async (t) => {
    const store = await sevenTransactions(t)
    const { read, next } = await follow(store, 7)
    t.strictSame(read.map(inShort).slice(0, 2), ['bob 1', 'ann 1'])
    t.strictSame(read.map(inShort).slice(2, 5).sort(), ['ann 2', 'ann 3', 'bob 2'])
    t.strictSame(read.map(inShort).slice(5).sort(), ['ann 4', 'bob 3'])
    for (const user of [ANN, BOB])
      t.strictSame(
        read.filter(({ userID }) => userID === user).reverse(),
        await history(store, user),
        'in the order of their ids, with every field',
      )
    t.strictSame(await page(store, next), { transactions: [], next }, 'and there it ends')
    t.strictSame(await store.feedEnd(), next)
  })

  t.test(
    'pages of any length follow each other, and a cursor leads to the same ones whenever it is used',
    async (t) => {
      const store = await sevenTransactions(t)
      const { read: all } = await follow(store, 7)
      for (const limit of [1, 2, 3, 7, 8]) {
        let after = FEED_START
        let read = 0
        while (read < all.length) {
          const { transactions, next } = await page(store, after, limit)
          t.strictSame(transactions, all.slice(read, read + limit), `${limit} from ${read}`)
          t.strictSame((await page(store, after, limit)).transactions, transactions)
          read += transactions.length
          after = next
        }
      }
    },
  )

  t.test('a user or a reference narrows it, with cursors that any reader can go on with', async (t) => {
    const store = await sevenTransactions(t)
    const note = toNote(RENT, undefined)
    await executed(store, command(BOB, { ...transfer(ANN, 1n), ...(note && { note }) }))
    await executed(store, command(BOB, deposit(1n)))
    const { read: all, next: end } = await follow(store, 10)
    const of = (user: typeof ANN) => all.filter(({ userID }) => userID === user)
    for (const user of [ANN, BOB])
      for (const limit of [1, 2, 1000])
        t.strictSame((await follow(store, of(user).length, { userID: user, limit })).read, of(user))
    const under = await follow(store, 2, { reference: RENT })
    t.strictSame(
      under.read,
      all.filter((each) => each.note?.reference === RENT),
    )
    t.strictSame(under.next, end, 'what was looked at is behind the cursor')
    t.strictSame((await page(store, FEED_START, 1000, { reference: 'other' as Reference })).next, end)
    const [first] = (await page(store, FEED_START, 1, { userID: BOB, reference: RENT })).transactions
    t.match(first, { userID: BOB, type: 4 })
    const after = (await page(store, FEED_START, 1, { userID: ANN })).next
    t.strictSame((await page(store, after)).transactions, all.slice(2), 'and goes on with all of them')
  })

  t.test('a page that is narrowed looks at a bounded part, and the next one goes on from there', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    await transact(store, ...Array.from({ length: MAX_FEED_LOOKED_AT + 1 }, () => command(ANN, deposit(1n))))
    await executed(store, command(BOB, deposit(1n)))
    await follow(store, MAX_FEED_LOOKED_AT + 2)
    const first = await page(store, FEED_START, 10, { userID: BOB })
    t.strictSame([first.transactions.length, first.next.id], [0, BigInt(MAX_FEED_LOOKED_AT)])
    t.strictSame((await page(store, first.next, 10, { userID: BOB })).transactions.map(inShort), ['bob 1'])
  })

  t.test('the newest are the last of the feed, with the cursor that goes on behind them', async (t) => {
    const newest = async (store: LedgerReads, limit: number): Promise<FeedPage> => {
      const answer = await store.newest(limit)
      if (answer.kind !== 'page') throw new Error(`no page: ${answer.kind}`)
      return answer.page
    }
    t.strictSame(await newest(await createStore(t), 3), { transactions: [], next: FEED_START })
    const store = await sevenTransactions(t)
    const note = toNote(RENT, undefined)
    await executed(store, command(BOB, { ...deposit(1n), ...(note && { note }) }))
    const { read, next } = await follow(store, 8)
    for (const limit of [1, 3, 8, 100])
      t.strictSame(await newest(store, limit), { transactions: read.slice(-limit), next }, `${limit} at most`)
    await executed(store, command(ANN, deposit(1n)))
    t.match((await follow(store, 1, { after: next })).read, [{ userID: ANN }])
  })

  t.test('a cursor is gone if the ledger has not got its transaction', async (t) => {
    const store = await sevenTransactions(t)
    const other = await sevenTransactions(t)
    const { next } = await follow(store, 7)
    t.strictSame(await other.feed({ after: next, limit: 1 }), { kind: 'gone' }, 'of another ledger')
    for (const wrong of [
      { transactionID: '00000000-0000-8000-8000-000000000000' as TransactionID },
      { number: next.number + 1n },
      { number: next.number + 10n ** 15n },
      { userID: next.userID === ANN ? BOB : ANN },
    ])
      t.strictSame(await store.feed({ after: { ...next, ...wrong }, limit: 1 }), { kind: 'gone' })
  })
}
