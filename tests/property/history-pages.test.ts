import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { HistoryQuery } from '../../src/domain/history.ts'
import type { Transaction } from '../../src/domain/transaction.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { type Account, readAccounts, runBatches } from '../support/database/run-commands.ts'
import { createCast, successes } from '../support/random/random-commands.ts'
import { expected, type QueryDraft, queryDrafts, toQuery } from '../support/random/random-queries.ts'
import { seeded } from '../support/random/random-seed.ts'
import { bothStores } from './both-stores.ts'

const RUNS = 30
/** More than a history here has transactions. */
const MAX_PAGES = 200

const queries = fc.array(queryDrafts, { minLength: 1, maxLength: 10 })

t.test('pages that follow each other hold all that was asked for, once and in order, in both stores', async (t) => {
  const stores = Object.values(await bothStores(t))
  let run = 0
  let followed = 0
  await fc.assert(
    fc.asyncProperty(successes, queries, async (drafts, queries) => {
      run += 1
      const cast = createCast(run)
      for (const store of stores) {
        await store.open(cast.owners)
        await runBatches(store, [cast.commands(drafts)])
        const [account] = await readAccounts(store, cast.owners)
        assert.ok(account !== undefined && account.history.length > 0)
        for (const query of queries) followed += await checkPages(store, account, query)
      }
    }),
    seeded(t, RUNS),
  )
  t.ok(followed > 2 * RUNS, `${followed} cursors were followed`)
})

/** How many cursors it followed. */
async function checkPages(store: WalletStore, { userID, history }: Account, draft: QueryDraft): Promise<number> {
  const query = toQuery(draft, userID, history)
  const pages = await readPages(store, query)
  assert.deepEqual(pages.flat(), expected(query, history))
  // These wallets are short: each page but the last is full, and the last is not empty unless it is the only one.
  for (const page of pages.slice(0, -1)) assert.equal(page.length, query.limit)
  if (pages.length > 1) assert.notEqual(pages.at(-1)?.length, 0)
  return pages.length - 1
}

async function readPages(store: WalletStore, query: HistoryQuery): Promise<(readonly Transaction[])[]> {
  const pages: (readonly Transaction[])[] = []
  let next: HistoryQuery | undefined = query
  while (next !== undefined) {
    const page = await store.history(next)
    assert.ok(page !== undefined)
    pages.push(page.transactions)
    assert.ok(pages.length <= MAX_PAGES, 'the pages do not end')
    next = page.nextIDBefore === null ? undefined : { ...query, idBefore: page.nextIDBefore }
  }
  return pages
}
