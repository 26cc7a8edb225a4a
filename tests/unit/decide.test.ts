import t from 'tap'
import { decide } from '../../src/domain/decide.ts'
import { after } from '../../src/domain/instant.ts'
import { MAX_UNITS } from '../../src/domain/money.ts'
import type { Movement } from '../../src/domain/movement.ts'
import { TransactionType } from '../../src/domain/transaction.ts'
import {
  alice,
  bob,
  carol,
  command,
  deposit,
  HOUR,
  NOW,
  requestID,
  stateOf,
  stored,
  summary,
  transactionID,
  transfer,
  wallet,
  withdraw,
} from '../support/domain-builders.ts'

const empty = stateOf([wallet(alice, 0n)])

t.test('a deposit raises the balance and is written with the wallet it leaves', async (t) => {
  const { outcome, writes } = decide(command(deposit(5n)), stateOf([wallet(alice, 10n)]), NOW)
  const transaction = {
    id: 8n,
    transactionID: transactionID(1),
    userID: alice,
    type: TransactionType.Deposit,
    amount: 5n,
    balance: 15n,
    passiveUserID: null,
    createdAt: NOW,
  }
  t.strictSame(outcome, { kind: 'executed', transaction, replayed: false })
  t.strictSame(writes, {
    wallets: [wallet(alice, 15n, { version: 8n, updatedAt: NOW })],
    transactions: [transaction],
    refusals: [],
  })
})

t.test('a withdrawal may take all that there is', async (t) => {
  const { outcome, writes } = decide(command(withdraw(10n)), stateOf([wallet(alice, 10n)]), NOW)
  t.equal(summary(outcome), 'EXECUTED')
  t.match(writes.transactions, [{ type: TransactionType.Withdrawal, amount: 10n, balance: 0n, passiveUserID: null }])
})

t.test('a transfer writes two halves under one ID and one instant, and answers with the caller’s', async (t) => {
  const state = stateOf([wallet(alice, 10n), wallet(bob, 1n, { version: 2n })])
  const { outcome, writes } = decide(command(transfer(4n, bob)), state, NOW)
  const shared = { transactionID: transactionID(1), amount: 4n, createdAt: NOW }
  const out = { ...shared, id: 8n, userID: alice, type: TransactionType.TransferOut, balance: 6n, passiveUserID: bob }
  const into = { ...shared, id: 3n, userID: bob, type: TransactionType.TransferIn, balance: 5n, passiveUserID: alice }
  t.match(outcome, { kind: 'executed', transaction: out, replayed: false })
  t.match(writes.transactions, [out, into])
  t.equal(writes.transactions.length, 2)
  t.match(writes.wallets, [
    { userID: alice, balance: 6n, version: 8n, updatedAt: NOW },
    { userID: bob, balance: 5n, version: 3n, updatedAt: NOW },
  ])
  t.strictSame(writes.refusals, [])
})

t.test('a refusal moves nothing and is kept with the request that it answered', async (t) => {
  const cases: readonly [string, Movement, ReturnType<typeof stateOf>][] = [
    ['INSUFFICIENT_BALANCE', withdraw(1n), empty],
    ['INSUFFICIENT_BALANCE', transfer(1n, bob), stateOf([wallet(alice, 0n), wallet(bob, 0n)])],
    ['PASSIVE_WALLET_NOT_FOUND', transfer(1n, bob), empty],
    ['BALANCE_LIMIT_EXCEEDED', deposit(1n), stateOf([wallet(alice, MAX_UNITS)])],
    ['BALANCE_LIMIT_EXCEEDED', transfer(1n, bob), stateOf([wallet(alice, 1n), wallet(bob, MAX_UNITS)])],
  ]
  for (const [code, movement, state] of cases) {
    const { outcome, writes } = decide(command(movement, { requestID: requestID('first') }), state, NOW)
    const refusal = {
      transactionID: transactionID(1),
      userID: alice,
      movement,
      code,
      requestID: 'first',
      createdAt: NOW,
    }
    t.strictSame(outcome, { kind: 'refused', refusal, replayed: false }, `${movement.kind}: ${code}`)
    t.strictSame(writes, { wallets: [], transactions: [], refusals: [refusal] })
  }
})

t.test('without a wallet nothing is kept, so that the ID stays unused', async (t) => {
  for (const movement of [deposit(1n), withdraw(1n), transfer(1n, bob)]) {
    const { outcome, writes } = decide(command(movement), stateOf([wallet(bob, 0n)]), NOW)
    t.strictSame(outcome, { kind: 'rejected', code: 'WALLET_NOT_FOUND' })
    t.strictSame(writes, { wallets: [], transactions: [], refusals: [] })
  }
})

t.test('an ID lives until the microsecond before it expires', async (t) => {
  const state = stateOf([wallet(alice, 0n)])
  const at = (now: bigint) => summary(decide(command(deposit(1n)), state, after(NOW, now)).outcome)
  t.equal(at(HOUR - 1n), 'EXECUTED')
  t.equal(at(HOUR), 'TRANSACTION_ID_EXPIRED')
  t.equal(at(HOUR + 1n), 'TRANSACTION_ID_EXPIRED')
})

t.test('an expired ID stays expired, even when the clock is set back', async (t) => {
  const late = decide(command(deposit(1n)), empty, after(NOW, HOUR))
  t.match(late.writes.refusals, [{ code: 'TRANSACTION_ID_EXPIRED', createdAt: after(NOW, HOUR) }])
  const again = decide(command(deposit(1n)), stateOf([wallet(alice, 0n)], [stored(late.outcome)]), NOW)
  t.equal(summary(again.outcome), 'REPLAYED TRANSACTION_ID_EXPIRED')
})

t.test('the same request gets the stored outcome, whatever became of the wallets and the clock', async (t) => {
  const start = stateOf([wallet(alice, 10n), wallet(bob, 0n)])
  for (const movement of [deposit(1n), withdraw(1n), transfer(1n, bob), withdraw(11n), transfer(1n, carol)]) {
    const first = decide(command(movement), start, NOW)
    const richAlone = stateOf([wallet(alice, 1000n)], [stored(first.outcome)])
    for (const [name, state, now] of [
      ['at once', stateOf([wallet(alice, 10n), wallet(bob, 0n)], [stored(first.outcome)]), NOW],
      ['after a day, with more money and without a recipient', richAlone, after(NOW, 24n * HOUR)],
      ['without any wallet', stateOf([], [stored(first.outcome)]), NOW],
    ] as const) {
      const again = decide(command(movement, { requestID: requestID('again') }), state, now)
      t.strictSame(again.outcome, { ...first.outcome, replayed: true }, `${movement.kind} ${name}`)
      t.strictSame(again.writes, { wallets: [], transactions: [], refusals: [] })
    }
  }
})

t.test('the same ID with another operation, amount or recipient is a reuse, executed or refused', async (t) => {
  const movements = [deposit(5n), deposit(6n), withdraw(5n), withdraw(6n), transfer(5n, bob), transfer(5n, carol)]
  const refused = decide(command(deposit(5n)), stateOf([wallet(alice, MAX_UNITS)]), NOW)
  t.equal(summary(refused.outcome), 'BALANCE_LIMIT_EXCEEDED')
  for (const first of movements) {
    for (const units of [0n, 10n]) {
      const { outcome } = decide(command(first), stateOf([wallet(alice, units), wallet(bob, 0n)]), NOW)
      for (const second of movements) {
        const state = stateOf([wallet(alice, 10n), wallet(bob, 0n), wallet(carol, 0n)], [stored(outcome)])
        const again = decide(command(second), state, NOW)
        const expected = first === second ? `REPLAYED ${summary(outcome)}` : 'TRANSACTION_ID_REUSED'
        t.equal(summary(again.outcome), expected, `${first.kind} ${first.amount}, then ${second.kind} ${second.amount}`)
        t.strictSame(again.writes, { wallets: [], transactions: [], refusals: [] })
      }
    }
  }
})

t.test('createdAt rises by a microsecond when the clock stands still or goes back an hour', async (t) => {
  const ahead = after(NOW, HOUR)
  const state = stateOf([wallet(alice, 10n, { updatedAt: ahead }), wallet(bob, 0n)])
  for (const movement of [deposit(1n), withdraw(1n), transfer(1n, bob)]) {
    const { writes } = decide(command(movement), state, NOW)
    for (const { createdAt } of writes.transactions) t.equal(createdAt, after(ahead, 1n), movement.kind)
    for (const { updatedAt } of writes.wallets) t.equal(updatedAt, after(ahead, 1n))
  }
  const standing = stateOf([wallet(alice, 0n, { updatedAt: NOW })])
  t.match(decide(command(deposit(1n)), standing, NOW).writes.transactions, [{ createdAt: after(NOW, 1n) }])
})

t.test('a transfer is later than the last transaction of either side', async (t) => {
  const ahead = after(NOW, HOUR)
  const state = stateOf([wallet(alice, 10n), wallet(bob, 0n, { updatedAt: ahead })])
  const { writes } = decide(command(transfer(1n, bob)), state, NOW)
  t.strictSame(
    writes.transactions.map(({ createdAt }) => createdAt),
    [after(ahead, 1n), after(ahead, 1n)],
  )
})

t.test('a transfer to oneself that got as far as the decision is a bug', async (t) => {
  t.throws(() => decide(command(transfer(1n, alice)), stateOf([wallet(alice, 5n)]), NOW), /transfer to oneself/)
})
