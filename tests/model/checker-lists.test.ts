import t from 'tap'
import { parseReference, toMetadata, toNote } from '../../src/domain/note.ts'
import { alice, bob, deposit, transfer, withdraw } from '../support/domain-builders.ts'
import type { Call, Move, WalletOperation, WireAnswer } from './calls.ts'
import {
  answered,
  answeredEach,
  executed,
  id,
  move,
  opened,
  replayed,
  results,
  turnedDown,
  unanswered,
  walletOf,
} from './told-histories.ts'
import { explainHistory } from './wallet-model.ts'

const strict = { retries: false }
const retrying = { retries: true }

const five = move(alice, 1, deposit(5n))
const three = move(alice, 2, deposit(3n))
const takeFour = move(alice, 3, withdraw(4n))
const pay = move(alice, 4, transfer(5n, bob))
const bobsTwo = move(bob, 5, deposit(2n))
const readAlice: Call = { kind: 'wallet', userID: alice }
const readBob: Call = { kind: 'wallet', userID: bob }
const atomic = (...moves: readonly Move[]): Call => ({ kind: 'atomic', moves })
const notExecuted = turnedDown('NOT_EXECUTED', 'own')
const poor = turnedDown('INSUFFICIENT_BALANCE', 'own')
const unused = (n: number): WireAnswer => ({
  ...{ status: 200, replayed: false },
  body: { transactionID: id(n).transactionID, status: 'unused' },
})
const statusOf = (n: number): Call => ({ kind: 'status', userID: alice, id: id(n) })

const noted = move(alice, 6, {
  ...transfer(1n, bob),
  note: toNote(parseReference('rent'), toMetadata({ b: '1', a: '' })) ?? {},
})
const otherwise = move(alice, 6, { ...transfer(1n, bob), note: toNote(parseReference('food'), undefined) ?? {} })
const received = {
  ...{ id: 1, transactionID: noted.id.transactionID, userID: bob, type: 3, amount: 1, balance: 1 },
  passiveUserID: alice,
}
const bobsHistory: Call = { kind: 'history', query: { userID: bob, limit: 9 } }

function bobsPage(half: object): WireAnswer {
  const { createdAt } = executed(noted, 2, 4).body
  const transactions = [{ ...received, createdAt, ...half }]
  return { status: 200, replayed: false, body: { transactions, nextIDBefore: null } }
}

const EXPLAINED: Record<string, readonly WalletOperation[]> = {
  'an atomic list that is executed whole, in one instant': [
    ...opened(alice, bob),
    answered(
      0,
      9,
      atomic(five, takeFour, bobsTwo),
      results(executed(five, 1, 5), executed(takeFour, 2, 1), executed(bobsTwo, 1, 2)),
    ),
    answered(10, 11, readAlice, walletOf(alice, 1, 2)),
  ],
  'an atomic list of which one item is refused, and its other IDs used later': [
    ...opened(alice),
    answered(0, 1, atomic(three, takeFour), results(notExecuted, poor)),
    answered(2, 3, atomic(three, takeFour), results(turnedDown('NOT_EXECUTED', 'later'), replayed(poor))),
    answered(4, 5, three, executed(three, 1, 3)),
  ],
  'an atomic list with an item that was executed earlier': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, atomic(five, takeFour), results(replayed(executed(five, 1, 5)), executed(takeFour, 2, 1))),
  ],
  'an unanswered atomic list that happened late': [
    ...opened(alice),
    unanswered(0, atomic(five, takeFour)),
    answered(1, 2, readAlice, walletOf(alice)),
    answered(3, 4, readAlice, walletOf(alice, 1, 2)),
    answered(5, 6, atomic(five, takeFour), results(replayed(executed(five, 1, 5)), replayed(executed(takeFour, 2, 1)))),
  ],
  'a list in its order, with another request between its items': [
    ...opened(alice),
    ...answeredEach(0, 9, [five, executed(five, 1, 5)], [takeFour, executed(takeFour, 3, 4)]),
    answered(1, 8, three, executed(three, 2, 8)),
  ],
  'a list of which items on other wallets took effect in another order': [
    ...opened(alice, bob),
    ...answeredEach(0, 9, [bobsTwo, executed(bobsTwo, 1, 2)], [five, executed(five, 1, 5)]),
    answered(1, 2, readAlice, walletOf(alice, 5, 1)),
    answered(3, 4, readBob, walletOf(bob)),
  ],
  'a withdrawal that was decided before its wallet was frozen': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 9, takeFour, executed(takeFour, 2, 1)),
    answered(3, 8, { kind: 'state', userID: alice, state: 'frozen' }, frozen(1, 2)),
  ],
  'a wallet that is frozen, takes money in, is opened, and pays': [
    ...opened(alice),
    answered(0, 1, { kind: 'state', userID: alice, state: 'frozen' }, frozen(0, 0)),
    answered(2, 3, five, executed(five, 1, 5)),
    answered(4, 5, { kind: 'state', userID: alice, state: 'frozen' }, frozen(5, 1)),
    answered(6, 7, { kind: 'state', userID: alice, state: 'open' }, walletOf(alice, 5, 1)),
    answered(8, 9, takeFour, executed(takeFour, 2, 1)),
  ],
  'a condition that held, and one that did not and stays refused': [
    ...opened(alice),
    answered(0, 1, { ...five, ifVersion: 0n }, executed(five, 1, 5)),
    answered(2, 3, { ...three, ifVersion: 0n }, turnedDown('VERSION_MISMATCH')),
    answered(4, 5, { ...three, ifVersion: 1n }, replayed(turnedDown('VERSION_MISMATCH'))),
  ],
  'a reference on both halves of a transfer, and metadata on the payer’s': [
    ...opened(alice, bob),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, noted, executed(noted, 2, 4)),
    answered(4, 5, bobsHistory, bobsPage({ reference: 'rent' })),
    answered(6, 7, otherwise, turnedDown('TRANSACTION_ID_REUSED', 'own')),
  ],
}

for (const [what, history] of Object.entries(EXPLAINED)) {
  t.test(`explained: ${what}`, async (t) => {
    t.equal(explainHistory(history, strict).kind, 'explained')
  })
}

const UNEXPLAINED: Record<string, readonly WalletOperation[]> = {
  'half an atomic list': [
    ...opened(alice, bob),
    answered(0, 1, atomic(five, bobsTwo), results(executed(five, 1, 5), executed(bobsTwo, 1, 2))),
    answered(2, 3, readAlice, walletOf(alice, 5, 1)),
    answered(4, 5, readBob, walletOf(bob)),
  ],
  'half an atomic list for a moment': [
    ...opened(alice, bob),
    answered(0, 9, atomic(five, bobsTwo), results(executed(five, 1, 5), executed(bobsTwo, 1, 2))),
    answered(1, 2, readAlice, walletOf(alice, 5, 1)),
    answered(3, 4, readBob, walletOf(bob)),
  ],
  'half an atomic list without an answer': [
    ...opened(alice, bob),
    unanswered(0, atomic(five, bobsTwo)),
    answered(1, 2, readAlice, walletOf(alice, 5, 1)),
    answered(3, 4, readBob, walletOf(bob)),
  ],
  'an atomic list that is executed although one item was refused': [
    ...opened(alice),
    answered(0, 1, atomic(three, takeFour), results(executed(three, 1, 3), poor)),
  ],
  'an atomic list that says it was not executed, and was': [
    ...opened(alice),
    answered(0, 1, atomic(three, takeFour), results(notExecuted, poor)),
    answered(2, 3, readAlice, walletOf(alice, 3, 1)),
  ],
  'an atomic list that forgets its refusal': [
    ...opened(alice),
    answered(0, 1, atomic(three, takeFour), results(notExecuted, poor)),
    answered(2, 3, five, executed(five, 1, 5)),
    answered(4, 5, atomic(three, takeFour), results(executed(three, 2, 8), executed(takeFour, 3, 4))),
  ],
  'an atomic list that is refused where all could be executed': [
    ...opened(alice),
    answered(0, 1, atomic(five, takeFour), results(notExecuted, poor)),
  ],
  'an item that uses up its ID although it was not executed': [
    ...opened(alice),
    answered(0, 1, atomic(three, takeFour), results(notExecuted, poor)),
    answered(2, 3, three, turnedDown('TRANSACTION_ID_REUSED', 'own')),
  ],
  'an unanswered atomic list that happened before its IDs proved unused': [
    ...opened(alice),
    unanswered(0, atomic(five, takeFour)),
    answered(1, 2, readAlice, walletOf(alice, 1, 2)),
    answered(3, 4, statusOf(1), unused(1)),
  ],
  'the items of a list in the wrong order on one wallet': [
    ...opened(alice),
    ...answeredEach(0, 9, [five, executed(five, 2, 8)], [three, executed(three, 1, 3)]),
  ],
  'a withdrawal that was refused before the deposit that stands ahead of it': [
    ...opened(alice),
    ...answeredEach(0, 9, [five, executed(five, 1, 5)], [takeFour, turnedDown('INSUFFICIENT_BALANCE')]),
  ],
  'a payment in a list behind what it pays for': [
    ...opened(alice, bob),
    answered(-9, -8, five, executed(five, 1, 5)),
    ...answeredEach(
      ...([0, 9] as const),
      [pay, executed(pay, 2, 0)],
      [move(bob, 7, withdraw(5n)), turnedDown('INSUFFICIENT_BALANCE')],
    ),
  ],
  'a withdrawal that was executed after the answer that froze the wallet': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, { kind: 'state', userID: alice, state: 'frozen' }, frozen(5, 1)),
    answered(4, 5, takeFour, executed(takeFour, 2, 1)),
  ],
  'a withdrawal that a freeze should have seen': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 9, takeFour, executed(takeFour, 2, 1)),
    answered(3, 4, { kind: 'state', userID: alice, state: 'frozen' }, frozen(5, 1)),
    answered(5, 6, readAlice, frozen(5, 1)),
  ],
  'a wallet that no one froze again': [
    ...opened(alice),
    answered(0, 1, { kind: 'state', userID: alice, state: 'frozen' }, frozen(0, 0)),
    answered(2, 3, { kind: 'state', userID: alice, state: 'open' }, walletOf(alice)),
    answered(4, 5, takeFour, turnedDown('WALLET_FROZEN')),
  ],
  'a wallet that is closed with money in it': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, { kind: 'state', userID: alice, state: 'closed' }, closed(5, 1)),
  ],
  'money that comes into a closed wallet': [
    ...opened(alice),
    answered(0, 1, { kind: 'state', userID: alice, state: 'closed' }, closed(0, 0)),
    answered(2, 3, five, executed(five, 1, 5)),
  ],
  'a frozen wallet that is open when it is read': [
    ...opened(alice),
    answered(0, 1, { kind: 'state', userID: alice, state: 'frozen' }, frozen(0, 0)),
    answered(2, 3, readAlice, walletOf(alice)),
  ],
  'a refusal of a wallet that was never frozen': [
    ...opened(alice),
    answered(0, 1, takeFour, turnedDown('WALLET_FROZEN')),
  ],
  'a condition that did not hold': [
    ...opened(alice),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, { ...three, ifVersion: 0n }, executed(three, 2, 8)),
  ],
  'two that were both the first on one version': [
    ...opened(alice),
    answered(0, 9, { ...five, ifVersion: 0n }, executed(five, 1, 5)),
    answered(1, 8, { ...three, ifVersion: 0n }, executed(three, 2, 8)),
  ],
  'metadata that the recipient is shown': [
    ...opened(alice, bob),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, noted, executed(noted, 2, 4)),
    answered(4, 5, bobsHistory, bobsPage({ reference: 'rent', metadata: { a: '', b: '1' } })),
  ],
  'a reference that is lost': [
    ...opened(alice, bob),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, noted, executed(move(alice, 6, transfer(1n, bob)), 2, 4)),
  ],
  'the same ID with another reference, taken for the same': [
    ...opened(alice, bob),
    answered(0, 1, five, executed(five, 1, 5)),
    answered(2, 3, noted, executed(noted, 2, 4)),
    answered(4, 5, otherwise, replayed(executed(noted, 2, 4))),
  ],
}

for (const [what, history] of Object.entries(UNEXPLAINED)) {
  t.test(`not explained: ${what}`, async (t) => {
    t.equal(explainHistory(history, strict).kind, 'unexplained')
    t.equal(explainHistory(history, retrying).kind, 'unexplained', 'nor if the service may have tried again')
  })
}

t.test('a service that tries a list again may find what its first attempt did', async (t) => {
  const whole = results(replayed(executed(five, 1, 5)), replayed(executed(takeFour, 2, 1)))
  const found = [...opened(alice), answered(0, 1, atomic(five, takeFour), whole)]
  t.equal(explainHistory(found, retrying).kind, 'explained')
  t.equal(explainHistory(found, strict).kind, 'unexplained')
})

t.test('a service that tries a change of state again may undo what came between', async (t) => {
  const freeze: Call = { kind: 'state', userID: alice, state: 'frozen' }
  const twice = [
    ...opened(alice),
    answered(0, 9, freeze, frozen(0, 0)),
    answered(1, 2, readAlice, frozen(0, 0)),
    answered(3, 4, { kind: 'state', userID: alice, state: 'open' }, walletOf(alice)),
    answered(10, 11, readAlice, frozen(0, 0)),
  ]
  t.equal(explainHistory(twice, retrying).kind, 'explained')
  t.equal(explainHistory(twice, strict).kind, 'unexplained')
})

function frozen(balance: number, version: number): WireAnswer {
  return inState('frozen', balance, version)
}

function closed(balance: number, version: number): WireAnswer {
  return inState('closed', balance, version)
}

function inState(state: string, balance: number, version: number): WireAnswer {
  const answer = walletOf(alice, balance, version)
  return { ...answer, body: { ...answer.body, state } }
}
