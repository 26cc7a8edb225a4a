import type { Position } from '../../domain/follow.ts'
import { type HistoryQuery, MAX_LOOKED_AT, toPage } from '../../domain/history.ts'
import type { Transaction } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { VersionedPage } from '../../ports/standby.ts'
import type { Connection } from './connection.ts'
import * as historyStatements from './history-statements.ts'
import { toTransaction } from './rows.ts'
import * as statements from './statements.ts'

/** One page of a wallet's history, in one round trip; `undefined` if there is no wallet. */
export async function readPage(connection: Connection, query: HistoryQuery): Promise<VersionedPage | undefined> {
  // The wallet first: the page, a statement of its own, may have seen more than this version, and never less.
  const [[wallet], rows] = await connection.roundTrip((sql) => [
    statements.readWallets(sql, [query.userID]),
    query.reference === undefined
      ? historyStatements.readHistory(sql, query)
      : historyStatements.readReferenced(sql, query, query.reference),
  ])
  if (wallet === undefined) return undefined
  const found = rows.filter(({ place }) => BigInt(place) <= MAX_LOOKED_AT)
  const unseen = rows.find(({ place }) => BigInt(place) > MAX_LOOKED_AT)
  const page = toPage(query.limit, found.map(toTransaction), unseen === undefined ? null : BigInt(unseen.id) + 1n)
  return { version: BigInt(wallet.version), page }
}

/** What came behind each position, by wallet. */
export async function readNews(
  connection: Connection,
  positions: readonly Position[],
): Promise<ReadonlyMap<UserID, readonly Transaction[]>> {
  const [rows] = await connection.roundTrip((sql) => [historyStatements.readNews(sql, positions)])
  const news = new Map<UserID, Transaction[]>()
  for (const transaction of rows.map(toTransaction)) {
    const { userID } = transaction
    const before = news.get(userID)
    if (before === undefined) news.set(userID, [transaction])
    else before.push(transaction)
  }
  return news
}
