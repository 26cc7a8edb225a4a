import { FIRST_EPOCH } from '../../../domain/epoch.ts'
import type { TransactionID } from '../../../domain/transaction.ts'
import { toUserID } from '../../../domain/user-id.ts'
import { formatCursor } from '../wire/feed-cursor.ts'

/*
 * One small story, told by the examples of all routes: auth0|42 opens a wallet, puts 5 dollars in and sends 1.25 of
 * them to auth0|7. A test plays it, and compares.
 */

const userID = 'auth0|42'
const passiveUserID = 'auth0|7'
const transactionID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
const createdAt = '2024-12-16T03:59:02.608558Z'

const deposit = {
  ...{ id: 1, transactionID, userID, type: 1, amount: 5_000_000, balance: 5_000_000, passiveUserID: null, createdAt },
}
const withdrawal = {
  ...{ id: 2, transactionID, userID, type: 2, amount: 1_000_000, balance: 4_000_000, passiveUserID: null, createdAt },
}
const transferOut = {
  ...{ id: 2, transactionID, userID, type: 4, amount: 1_250_000, balance: 3_750_000, passiveUserID, createdAt },
}

const transferIn = {
  ...{ id: 1, transactionID, userID: passiveUserID, type: 3, amount: 1_250_000, balance: 1_250_000 },
  ...{ passiveUserID: userID, createdAt },
}
/** Of a page in which the recipient's half of the transfer came last. */
const nextCursor = formatCursor({
  number: 4183n,
  userID: toUserID(passiveUserID),
  id: 1n,
  transactionID: transactionID as TransactionID,
  epoch: FIRST_EPOCH,
})

/** Bodies that a client may send. */
export const REQUEST_EXAMPLES = {
  deposit: { amount: 5_000_000, transactionID },
  withdraw: { amount: 1_000_000, transactionID },
  transfer: { passiveUserID, amount: 1_250_000, transactionID },
  withNote: { metadata: { orderID: '1042', channel: 'web' } },
  count: { count: 2 },
  list: { atomic: false, transactions: [{ userID, type: 4, amount: 1_250_000, passiveUserID, transactionID }] },
  freeze: { state: 'frozen', reason: 'reported as stolen' },
} as const

/** Bodies of answers, by what they show. */
export const ANSWER_EXAMPLES = {
  newWallet: { userID, balance: 0, version: 0, createdAt, updatedAt: createdAt },
  wallet: { userID, balance: 3_750_000, version: 2, createdAt, updatedAt: createdAt },
  walletAt: {
    userID,
    balance: 3_750_000,
    version: 2,
    createdAt,
    updatedAt: createdAt,
    at: '2024-12-16T04:00:00.000000Z',
  },
  frozenWallet: { userID, balance: 3_750_000, version: 2, createdAt, updatedAt: createdAt, state: 'frozen' },
  manyIssued: { transactionIDs: [transactionID, transactionID], expiresAt: '2024-12-17T03:59:02.608558Z' },
  listResults: { results: [{ status: 200, replayed: false, transaction: transferOut }] },
  issued: { transactionID, expiresAt: '2024-12-17T03:59:02.608558Z' },
  unused: { transactionID, status: 'unused' },
  executed: { transactionID, status: 'executed', transaction: transferOut },
  refused: {
    transactionID,
    status: 'refused',
    refusal: { code: 'INSUFFICIENT_BALANCE', detail: 'The balance was less than the amount.' },
  },
  expired: { transactionID, status: 'expired' },
  retired: { transactionID, status: 'retired' },
  deposit,
  withdrawal,
  transferOut,
  lastPage: { transactions: [transferOut, deposit], nextIDBefore: null },
  page: { transactions: [transferOut], nextIDBefore: 2 },
  events: `id: 1\n\nid: 2\ndata: ${JSON.stringify(transferOut)}\n\n`,
  statement: {
    userID,
    from: '2024-12-01T00:00:00.000000Z',
    to: '2025-01-01T00:00:00.000000Z',
    opening: 0,
    closing: 3_750_000,
    count: 2,
    firstID: 1,
    lastID: 2,
    totals: {
      1: { count: 1, amount: '5000000' },
      2: { count: 0, amount: '0' },
      3: { count: 0, amount: '0' },
      4: { count: 1, amount: '1250000' },
    },
  },
  feedPage: { transactions: [deposit, transferOut, transferIn], next: nextCursor },
  alive: { status: 'alive' },
  ready: { status: 'ready' },
  starting: { status: 'starting' },
  databaseUnavailable: { status: 'database unavailable' },
  shuttingDown: { status: 'shutting down' },
} as const
export type AnswerExample = keyof typeof ANSWER_EXAMPLES

/** The ID of a request, as it stands in a header and in problems. */
export const REQUEST_ID_EXAMPLE = '638cb5a795-7'
