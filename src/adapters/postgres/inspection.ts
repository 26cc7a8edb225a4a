import { type IDRange, spacedIDs } from '../../domain/curve.ts'
import { toBalance } from '../../domain/money.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import {
  type Curve,
  type CurveQuery,
  type LedgerReads,
  MAX_SHOWN,
  type TransactionRecord,
} from '../../ports/inspection.ts'
import type { Connection } from './connection.ts'
import { readDelivery } from './deliveries.ts'
import { readNewest } from './feed.ts'
import * as inspectionStatements from './inspection-statements.ts'
import { type EndsRow, readInstant, toRefusal, toStateChange, toTransaction, toWallet } from './rows.ts'

/** What those who run the service look at, over whatever connections `use` gives. */
export function ledgerReads(
  use: <Result>(work: (connection: Connection) => Promise<Result>) => Promise<Result>,
): LedgerReads {
  return {
    find: ({ prefix, limit }) =>
      use(async (connection) => {
        const [rows] = await connection.roundTrip((sql) => [inspectionStatements.findWallets(sql, prefix, limit)])
        return rows.map(toWallet)
      }),

    findTransaction: (transactionID) => use((connection) => readTransaction(connection, transactionID)),

    findReference: (reference) =>
      use(async (connection) => {
        const [rows] = await connection.roundTrip((sql) => [
          inspectionStatements.readTransactionsByReference(sql, reference, MAX_SHOWN),
        ])
        return rows.map(toTransaction)
      }),

    stateChanges: (userID) =>
      use(async (connection) => {
        const [rows] = await connection.roundTrip((sql) => [
          inspectionStatements.readStateChanges(sql, userID, MAX_SHOWN),
        ])
        return rows.map(toStateChange)
      }),

    newest: (limit) => use((connection) => readNewest(connection, limit)),

    curve: (query) => use((connection) => readCurve(connection, query)),

    lastAudit: () =>
      use(async (connection) => {
        const [[kept]] = await connection.roundTrip((sql) => [inspectionStatements.readLastAudit(sql)])
        return kept?.report
      }),

    delivery: () => use(readDelivery),
  }
}

async function readTransaction(connection: Connection, transactionID: TransactionID): Promise<TransactionRecord> {
  const [transactions, refusals] = await connection.roundTrip((sql) => [
    inspectionStatements.readTransactionsByID(sql, transactionID),
    inspectionStatements.readRefusalsByID(sql, transactionID),
  ])
  return { transactions: transactions.map(toTransaction), refusals: refusals.map(toRefusal) }
}

async function readCurve(connection: Connection, query: CurveQuery): Promise<Curve | undefined> {
  const [[ends]] = await connection.roundTrip((sql) => [inspectionStatements.readEnds(sql, query)])
  if (ends === undefined) return undefined
  const range = toRange(ends)
  const ids = spacedIDs(range, query.points)
  const [rows] = await connection.roundTrip((sql) => [inspectionStatements.readBalances(sql, query.userID, ids)])
  return {
    transactions: range.before - range.from,
    points: rows.map(({ id, balance, created_at }) => ({
      id: BigInt(id),
      balance: toBalance(BigInt(balance)),
      createdAt: readInstant(created_at),
    })),
  }
}

function toRange({ oldest, newest }: EndsRow): IDRange {
  if (oldest === null || newest === null) return { from: 1n, before: 1n }
  return { from: BigInt(oldest), before: BigInt(newest) + 1n }
}
