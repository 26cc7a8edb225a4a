import t from 'tap'
import {
  type HistoryQuery,
  type IDRange,
  MAX_SCANNED_IDS,
  type Page,
  scannedRange,
  toPage,
} from '../../src/domain/history.ts'
import { toAmount, toBalance } from '../../src/domain/money.ts'
import { type Transaction, TransactionType } from '../../src/domain/transaction.ts'
import { alice, NOW, transactionID } from '../support/domain-builders.ts'

const DEPOSITS = [TransactionType.Deposit]
const everything = query({ limit: 2 })
const deposits = query({ limit: 2, types: DEPOSITS })

t.test('a page that is not filtered by type looks at every id that is asked for', async (t) => {
  const whole = { from: 1n, before: MAX_SCANNED_IDS * 10n }
  t.strictSame(scannedRange(everything, whole), whole)
})

t.test('a page that is filtered by type looks at no more than its bound, from the newest down', async (t) => {
  const before = MAX_SCANNED_IDS * 3n
  t.strictSame(scannedRange(deposits, { from: 1n, before }), { from: before - MAX_SCANNED_IDS, before })
  t.strictSame(scannedRange(deposits, { from: before - 5n, before }), { from: before - 5n, before })
  t.strictSame(scannedRange(deposits, { from: 1n, before: 4n }), { from: 1n, before: 4n })
  t.strictSame(
    scannedRange(deposits, { from: 1n, before: MAX_SCANNED_IDS + 1n }),
    { from: 1n, before: MAX_SCANNED_IDS + 1n },
    'exactly as many as the bound',
  )
})

t.test('one transaction more than the limit makes a cursor and is not shown', async (t) => {
  const page = toPage(everything, range(1n, 4n), range(1n, 4n), transactions(3n, 2n, 1n))
  t.strictSame(idsOf(page), [3n, 2n])
  t.equal(page.nextIDBefore, 2n)
})

t.test('the last page has no cursor, even when it is full', async (t) => {
  t.equal(toPage(everything, range(1n, 3n), range(1n, 3n), transactions(2n, 1n)).nextIDBefore, null)
  t.equal(toPage(everything, range(1n, 2n), range(1n, 2n), transactions(1n)).nextIDBefore, null)
  t.strictSame(toPage(everything, range(1n, 1n), range(1n, 1n), []), { transactions: [], nextIDBefore: null })
})

t.test('a page that found too little in what it looked at goes on below that', async (t) => {
  const whole = range(1n, 50_001n)
  const scanned = scannedRange(deposits, whole)
  t.strictSame(toPage(deposits, whole, scanned, []), { transactions: [], nextIDBefore: 30_001n })
  t.equal(toPage(deposits, whole, scanned, transactions(40_000n)).nextIDBefore, 30_001n)
  t.equal(toPage(deposits, whole, scanned, transactions(40_000n, 39_000n)).nextIDBefore, 30_001n, 'full, no more seen')
  t.equal(toPage(deposits, whole, scanned, transactions(40_000n, 39_000n, 38_000n)).nextIDBefore, 39_000n)
})

t.test('pages follow each other through a long wallet with each rare transaction on exactly one', async (t) => {
  const rare = [60_000n, 40_001n, 40_000n, 39_999n, 20_000n, 1n]
  const seen: bigint[] = []
  let pages = 0
  let idBefore: bigint | null = 60_001n
  while (idBefore !== null) {
    const whole = range(1n, idBefore)
    const scanned = scannedRange(deposits, whole)
    const found = rare.filter((id) => id >= scanned.from && id < scanned.before).slice(0, deposits.limit + 1)
    const page: Page = toPage(deposits, whole, scanned, transactions(...found))
    seen.push(...idsOf(page))
    idBefore = page.nextIDBefore
    pages += 1
    if (pages > 10) throw new Error('the pages do not end')
  }
  t.strictSame(seen, rare)
})

function query(but: Pick<HistoryQuery, 'limit' | 'types'>): HistoryQuery {
  return { userID: alice, ...but }
}

function range(from: bigint, before: bigint): IDRange {
  return { from, before }
}

function idsOf(page: Page): readonly bigint[] {
  return page.transactions.map(({ id }) => id)
}

function transactions(...ids: readonly bigint[]): Transaction[] {
  return ids.map((id) => ({
    id,
    transactionID: transactionID(Number(id)),
    userID: alice,
    type: TransactionType.Deposit,
    amount: toAmount(1n),
    balance: toBalance(1n),
    passiveUserID: null,
    createdAt: NOW,
  }))
}
