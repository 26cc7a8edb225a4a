import t from 'tap'
import { MAX_LOOKED_AT, MAX_PAGE, type Page, toPage } from '../../src/domain/history.ts'
import { toAmount, toBalance } from '../../src/domain/money.ts'
import { type Transaction, TransactionType } from '../../src/domain/transaction.ts'
import { alice, NOW, transactionID } from '../support/domain-builders.ts'

t.test('a page of every type is full, or the last, before it has looked at all that it may', async (t) => {
  t.ok(MAX_LOOKED_AT > MAX_PAGE)
})

t.test('one transaction more than the limit makes a cursor and is not shown', async (t) => {
  const page = toPage(2, transactions(3n, 2n, 1n), null)
  t.strictSame(idsOf(page), [3n, 2n])
  t.equal(page.nextIDBefore, 2n)
})

t.test('the last page has no cursor, even when it is full', async (t) => {
  t.equal(toPage(2, transactions(2n, 1n), null).nextIDBefore, null)
  t.equal(toPage(2, transactions(1n), null).nextIDBefore, null)
  t.strictSame(toPage(2, [], null), { transactions: [], nextIDBefore: null })
})

t.test('a page that found too little in what it looked at goes on below that', async (t) => {
  t.strictSame(toPage(2, [], 30_001n), { transactions: [], nextIDBefore: 30_001n })
  t.equal(toPage(2, transactions(40_000n), 30_001n).nextIDBefore, 30_001n)
  t.equal(toPage(2, transactions(40_000n, 39_000n), 30_001n).nextIDBefore, 30_001n, 'full, no more seen')
  t.equal(toPage(2, transactions(40_000n, 39_000n, 38_000n), 30_001n).nextIDBefore, 39_000n)
})

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
