import t from 'tap'
import { alice, bob, deposit, transfer, withdraw } from '../support/domain-builders.ts'
import type { WalletOperation, WireAnswer } from './calls.ts'
import { answered, executed, id, move, opened, replayed, turnedDown, unanswered, walletOf } from './told-histories.ts'
import { explainHistory } from './wallet-model.ts'

const strict = { retries: false }
const retrying = { retries: true }

const five = move(alice, 1, deposit(5n))
const three = move(alice, 2, deposit(3n))
const takeFour = move(alice, 3, withdraw(4n))
const readAlice = { kind: 'wallet', userID: alice } as const
const statusOfFive = { kind: 'status', userID: alice, id: id(1) } as const
const unused: WireAnswer = {
  status: 200,
  replayed: false,
  body: { transactionID: id(1).transactionID, status: 'unused' },
}

function page(...transactions: readonly WireAnswer[]): WireAnswer {
  return {
    status: 200,
    replayed: false,
    body: { transactions: transactions.map(({ body }) => body), nextIDBefore: null },
  }
}

const EXPLAINED: Record<string, readonly WalletOperation[]> = {
  'nothing at all': [],
  'two deposits at once, in either order': [
    ...opened(alice),
    answered(0, 9, five, executed(five, 2, 8)),
    answered(1, 8, three, executed(three, 1, 3)),
  ],
  'a read beside a deposit that does not see it yet': [
    ...opened(alice),
    answered(0, 9, five, executed(five, 1, 5)),
    answered(5, 6, readAlice, walletOf(alice)),
  ],
  'a refusal that came before the money': [
    ...opened(alice),
    answered(0, 9, five, executed(five, 1, 5)),
    answered(1, 8, takeFour, turnedDown('INSUFFICIENT_BALANCE')),
    answered(10, 11, takeFour, replayed(turnedDown('INSUFFICIENT_BALANCE'))),
  ],
  'an unanswered deposit that never happened': [
    ...opened(alice),
    unanswered(0, five),
    answered(1, 2, readAlice, walletOf(alice)),
    answered(3, 4, statusOfFive, unused),
  ],
  'an unanswered deposit that happened late': [
    ...opened(alice),
    unanswered(0, five),
    answered(1, 2, readAlice, walletOf(alice)),
    answered(3, 4, statusOfFive, unused),
    answered(5, 6, readAlice, walletOf(alice, 5, 1)),
    answered(7, 8, five, replayed(executed(five, 1, 5))),
  ],
}

for (const [what, history] of Object.entries(EXPLAINED)) {
  t.test(`explained: ${what}`, async (t) => {
    t.equal(explainHistory(history, strict).kind, 'explained')
  })
}

const pay = move(alice, 4, transfer(5n, bob))

const UNEXPLAINED: Record<string, readonly WalletOperation[]> = {
  'a lost update: two deposits, and the balance of one': [
    ...opened(alice),
    answered(0, 9, five, executed(five, 1, 5)),
    answered(1, 8, three, executed(three, 1, 3)),
  ],
  'a stale read': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, readAlice, walletOf(alice)),
  ],
  'a read that sees what a later one does not': [
    ...opened(alice),
    answered(0, 9, five, executed(five, 1, 5)),
    answered(1, 2, readAlice, walletOf(alice, 5, 1)),
    answered(3, 4, readAlice, walletOf(alice)),
  ],
  'one ID executed twice': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, five, executed(five, 2, 10)),
  ],
  'an unanswered deposit executed twice': [
    ...opened(alice),
    unanswered(0, five),
    unanswered(1, five),
    answered(2, 3, readAlice, walletOf(alice, 10, 2)),
  ],
  'a refusal where there was money': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, takeFour, turnedDown('INSUFFICIENT_BALANCE')),
  ],
  'money where there was a refusal': [
    ...opened(alice),
    answered(0, 1, takeFour, turnedDown('INSUFFICIENT_BALANCE')),
    answered(2, 3, five, executed(five, 1, 5)),
    answered(4, 5, takeFour, executed(takeFour, 2, 1)),
  ],
  'a withdrawal that nothing covers': [...opened(alice), answered(0, 1, takeFour, executed(takeFour, 1, -4))],
  'a replay with another body': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, five, replayed(executed(five, 1, 5, 7))),
  ],
  'a replay that names another request as the one that was refused': [
    ...opened(alice),
    answered(0, 1, takeFour, turnedDown('INSUFFICIENT_BALANCE', 'first')),
    answered(2, 3, takeFour, replayed(turnedDown('INSUFFICIENT_BALANCE', 'second'))),
  ],
  'a replay that does not say it is one': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, five, executed(five, 1, 5)),
  ],
  'a first answer that says it is a replay': [...opened(alice), answered(0, 1, five, replayed(executed(five, 1, 5)))],
  'a reuse of an ID that is refused before its first use': [
    ...opened(alice),
    answered(0, 1, move(alice, 1, deposit(6n)), turnedDown('TRANSACTION_ID_REUSED')),
    answered(2, 3, five, executed(five, 1, 5)),
  ],
  'transactions in another order than real time': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 2, 8)),
    answered(2, 3, three, executed(three, 1, 3)),
  ],
  'an unanswered deposit seen before it was sent': [
    ...opened(alice),
    answered(0, 1, readAlice, walletOf(alice, 5, 1)),
    unanswered(2, five),
  ],
  'a status that forgets': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, statusOfFive, unused),
  ],
  'a time that does not rise': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5, 6)),
    answered(2, 3, three, executed(three, 2, 8, 6)),
  ],
  'half a transfer': [
    ...opened(alice, bob),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, pay, executed(pay, 2, 0)),
    answered(4, 5, { kind: 'wallet', userID: bob }, walletOf(bob)),
  ],
  'a history with a hole': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, three, executed(three, 2, 8)),
    answered(4, 5, { kind: 'history', query: { userID: alice, limit: 9 } }, page(executed(three, 2, 8))),
  ],
  'two who opened one wallet': [
    answered(0, 9, { kind: 'open', userID: alice }, { ...walletOf(alice), status: 201 }),
    answered(1, 8, { kind: 'open', userID: alice }, { ...walletOf(alice), status: 201 }),
  ],
  'a new wallet with money in it': [
    answered(0, 9, { kind: 'open', userID: alice }, { ...walletOf(alice, 5, 1), status: 201 }),
    answered(1, 8, five, executed(five, 1, 5)),
  ],
}

for (const [what, history] of Object.entries(UNEXPLAINED)) {
  t.test(`not explained: ${what}`, async (t) => {
    t.equal(explainHistory(history, strict).kind, 'unexplained')
  })
}

t.test('what cannot be explained is told up to there', async (t) => {
  const { order } = explainHistory(UNEXPLAINED['a stale read'] ?? [], strict)
  t.strictSame(
    order.map(({ call }) => call.kind),
    ['open', 'move'],
  )
})

t.test('what took effect without an answer is counted', async (t) => {
  t.equal(explainHistory(EXPLAINED['an unanswered deposit that never happened'] ?? [], strict).tookEffect, 0)
  t.equal(explainHistory(EXPLAINED['an unanswered deposit that happened late'] ?? [], strict).tookEffect, 1)
})

t.test('a service that tries again may find what its first attempt did, but not do it twice', async (t) => {
  const found = [...opened(alice), answered(0, 1, five, replayed(executed(five, 1, 5)))]
  t.match(explainHistory(found, retrying), { kind: 'explained', tookEffect: 0 })
  const openedTwice = [answered(0, 1, { kind: 'open', userID: alice } as const, walletOf(alice))]
  t.equal(explainHistory(openedTwice, retrying).kind, 'explained')
  t.equal(explainHistory(openedTwice, strict).kind, 'unexplained')
  const twice = [...found, answered(2, 3, readAlice, walletOf(alice, 10, 2))]
  t.equal(explainHistory(twice, retrying).kind, 'unexplained')
})
