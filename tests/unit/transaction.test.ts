import t from 'tap'
import { toAmount, toBalance } from '../../src/domain/money.ts'
import { movementOf } from '../../src/domain/movement.ts'
import { type Transaction, TransactionType, toTransactionType } from '../../src/domain/transaction.ts'
import { alice, bob, deposit, NOW, transactionID, transfer, withdraw } from '../support/domain-builders.ts'

t.test('the four types have the numbers that clients know', async (t) => {
  t.strictSame(TransactionType, { Deposit: 1, Withdrawal: 2, TransferIn: 3, TransferOut: 4 })
})

t.test('the numbers 1 to 4 are types and no others are', async (t) => {
  for (const type of [1, 2, 3, 4]) t.equal(toTransactionType(type), type)
  for (const type of [0, 5, -1, 1.5, Number.NaN]) {
    t.throws(() => toTransactionType(type), new RangeError(`not a transaction type: ${type}`))
  }
})

t.test('a transaction tells the movement that wrote it, unless it is the passive half', async (t) => {
  t.strictSame(movementOf(transaction({ type: TransactionType.Deposit })), deposit(5n))
  t.strictSame(movementOf(transaction({ type: TransactionType.Withdrawal })), withdraw(5n))
  t.strictSame(movementOf(transaction({ type: TransactionType.TransferOut, passiveUserID: bob })), transfer(5n, bob))
  t.equal(movementOf(transaction({ type: TransactionType.TransferIn, passiveUserID: bob })), undefined)
  t.equal(movementOf(transaction({ type: TransactionType.TransferOut })), undefined, 'a half without its other side')
})

function transaction(but: Partial<Transaction>): Transaction {
  return {
    id: 1n,
    transactionID: transactionID(1),
    userID: alice,
    type: TransactionType.Deposit,
    amount: toAmount(5n),
    balance: toBalance(5n),
    passiveUserID: null,
    createdAt: NOW,
    ...but,
  }
}
