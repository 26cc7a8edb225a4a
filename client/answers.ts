import type * as Wire from './api-types.ts'

/*
 * Answers as they are checked and handed on. Money becomes `bigint`: on the wire it is a JSON integer of at most
 * 2^53 − 1, which a number holds exactly, so nothing is lost on the way.
 */

type Exact<Schema, Money extends keyof Schema> = Readonly<Omit<Schema, Money> & { [Field in Money]: bigint }>

export type Wallet = Exact<Wire.Wallet, 'balance'>
export type Transaction = Exact<Wire.Transaction, 'amount' | 'balance'>
export type Total = Exact<Wire.Total, 'amount'>
/** What a period began with, ended with, and had in between; `totals` by type, `null` past 100 000 transactions. */
export type Statement = Omit<Exact<Wire.Statement, 'opening' | 'closing'>, 'totals'> & {
  readonly totals: Readonly<Record<Wire.Transaction['type'], Total>> | null
}
export type IssuedTransactionID = Readonly<Wire.IssuedTransactionID>
export type IssuedTransactionIDs = Readonly<Omit<Wire.IssuedTransactionIDs, 'transactionIDs'>> & {
  readonly transactionIDs: readonly string[]
}
export type TransactionIDStatus = Readonly<
  Omit<Wire.TransactionIDStatus, 'transaction'> & { transaction?: Transaction }
>
/** `nextIDBefore` is the `IDBefore` of the page that follows, `null` on the last. */
export interface HistoryPage {
  readonly transactions: readonly Transaction[]
  readonly nextIDBefore: number | null
}

/** `next` is the `after` of the page that follows; there always is one. */
export interface FeedPage {
  readonly transactions: readonly Transaction[]
  readonly next: string
}

/** What stands in a list of results for one movement; `body` is what it alone would be answered with. */
export interface ItemOutcome {
  readonly status: number
  readonly replayed: boolean
  readonly body: unknown
}

/** The `type` of a transaction. */
export const TransactionType = { Deposit: 1, Withdrawal: 2, TransferIn: 3, TransferOut: 4 } as const satisfies Record<
  string,
  Wire.Transaction['type']
>

/** What came is not what the service sends: cut off on its way, or of someone else. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer'
}

type Check = (value: unknown) => boolean

/** Whether a value has every field of a schema, as the schema says. */
function shape<Schema>(checks: { readonly [Field in keyof Required<Schema>]: Check }) {
  const fields = Object.entries<Check>(checks)
  return (value: unknown): value is Schema => isObject(value) && fields.every(([field, check]) => check(value[field]))
}

const isText: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isType: Check = (value) => Object.values<unknown>(TransactionType).includes(value)
const orAbsent =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const arrayOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)

const isWallet = shape<Wire.Wallet>({
  userID: isText,
  balance: isCount,
  version: isCount,
  createdAt: isText,
  updatedAt: isText,
  state: orAbsent(isText),
  at: orAbsent(isText),
})
const isTransaction = shape<Wire.Transaction>({
  id: isCount,
  transactionID: isText,
  userID: isText,
  type: isType,
  amount: isCount,
  balance: isCount,
  passiveUserID: orNull(isText),
  createdAt: isText,
  reference: orAbsent(isText),
  metadata: orAbsent(isObject),
})
const isIssued = shape<Wire.IssuedTransactionID>({ transactionID: isText, expiresAt: isText })
const isManyIssued = shape<Wire.IssuedTransactionIDs>({ transactionIDs: arrayOf(isText), expiresAt: isText })
const isStatus = shape<Wire.TransactionIDStatus>({
  transactionID: isText,
  status: isText,
  transaction: orAbsent(isTransaction),
  refusal: orAbsent(isObject),
})
const isPage = shape<Wire.HistoryPage>({ transactions: arrayOf(isTransaction), nextIDBefore: orNull(isCount) })
const isTotal = shape<Wire.Total>({
  count: isCount,
  amount: (value) => typeof value === 'string' && /^\d+$/.test(value),
})
const isStatement = shape<Wire.Statement>({
  userID: isText,
  from: isText,
  to: isText,
  opening: isCount,
  closing: isCount,
  count: isCount,
  firstID: orNull(isCount),
  lastID: orNull(isCount),
  totals: orNull(shape<NonNullable<Wire.Statement['totals']>>({ 1: isTotal, 2: isTotal, 3: isTotal, 4: isTotal })),
})
const isFeedPage = shape<Wire.FeedPage>({ transactions: arrayOf(isTransaction), next: isText })
export const isProblem = shape<Wire.Problem>({
  type: isText,
  title: isText,
  status: isCount,
  code: isText,
  detail: isText,
  instance: isText,
  errors: orAbsent(Array.isArray),
})

const isResults = shape<Wire.ListResults>({
  results: arrayOf(
    shape<Wire.ListResults['results'][number]>({
      status: isCount,
      replayed: (value) => typeof value === 'boolean',
      transaction: orAbsent(isObject),
      problem: orAbsent(isObject),
    }),
  ),
})

/** @throws {UnreadableAnswer} */
export function readWallet(body: unknown): Wallet {
  const wallet = checked(body, isWallet)
  return { ...wallet, balance: BigInt(wallet.balance) }
}

/** @throws {UnreadableAnswer} */
export function readTransaction(body: unknown): Transaction {
  return toTransaction(checked(body, isTransaction))
}

/** @throws {UnreadableAnswer} */
export function readIssued(body: unknown): IssuedTransactionID {
  return checked(body, isIssued)
}

/** @throws {UnreadableAnswer} */
export function readManyIssued(body: unknown, count: number): IssuedTransactionIDs {
  const issued = checked(body, isManyIssued)
  if (issued.transactionIDs.length !== count) throw new UnreadableAnswer('another number of IDs was asked for')
  return issued
}

/** Of a list with so many movements; what is in a `body` is not checked. @throws {UnreadableAnswer} */
export function readOutcomes(body: unknown, count: number): readonly ItemOutcome[] {
  const { results } = checked(body, isResults)
  if (results.length !== count) throw new UnreadableAnswer('another number of movements was sent')
  return results.map(({ status, replayed, transaction, problem }) => ({
    ...{ status, replayed },
    body: transaction ?? problem,
  }))
}

/** @throws {UnreadableAnswer} */
export function readStatus(body: unknown): TransactionIDStatus {
  const { transaction, ...status } = checked(body, isStatus)
  return transaction === undefined ? status : { ...status, transaction: toTransaction(transaction) }
}

/** @throws {UnreadableAnswer} */
export function readPage(body: unknown): HistoryPage {
  const { transactions, nextIDBefore } = checked(body, isPage)
  return { transactions: transactions.map(toTransaction), nextIDBefore }
}

/** @throws {UnreadableAnswer} */
export function readStatement(body: unknown): Statement {
  const { totals, ...statement } = checked(body, isStatement)
  return {
    ...statement,
    opening: BigInt(statement.opening),
    closing: BigInt(statement.closing),
    totals: totals && { 1: toTotal(totals[1]), 2: toTotal(totals[2]), 3: toTotal(totals[3]), 4: toTotal(totals[4]) },
  }
}

/** On the wire it is text, since a sum may be more than a number holds. */
function toTotal({ count, amount }: Wire.Total): Total {
  return { count, amount: BigInt(amount) }
}

/** @throws {UnreadableAnswer} */
export function readFeedPage(body: unknown): FeedPage {
  const { transactions, next } = checked(body, isFeedPage)
  return { transactions: transactions.map(toTransaction), next }
}

function toTransaction(transaction: Wire.Transaction): Transaction {
  return { ...transaction, amount: BigInt(transaction.amount), balance: BigInt(transaction.balance) }
}

function checked<Schema>(body: unknown, is: (value: unknown) => value is Schema): Schema {
  if (!is(body)) throw new UnreadableAnswer('the answer is not what the service sends')
  return body
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
