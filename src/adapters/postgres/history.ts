import { type HistoryQuery, type IDRange, type Page, scannedRange, toPage } from '../../domain/history.ts'
import { after, type Instant } from '../../domain/instant.ts'
import { TransactionType } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Lane } from './lane.ts'
import { toTransaction } from './rows.ts'
import * as statements from './statements.ts'

const ALL_TYPES = Object.values(TransactionType)

/** What narrows a history to a range of ids. */
type RangeQuery = Pick<HistoryQuery, 'userID' | 'idBefore' | 'createdBefore' | 'createdAfter'>

/** One page of a wallet's history; `undefined` where there is no wallet. */
export async function readPage(lane: Lane, query: HistoryQuery): Promise<Page | undefined> {
  const whole = await findRange(lane, query)
  if (whole === undefined) return undefined
  const scanned = scannedRange(query, whole)
  const [rows] = await lane.roundTrip((sql) => [
    statements.readHistory(sql, query.userID, scanned, query.types ?? ALL_TYPES, query.limit + 1),
  ])
  return toPage(query, whole, scanned, rows.map(toTransaction))
}

/** Turns the bounds in time into bounds in ids, which are all that a page is read by. */
export async function findRange(lane: Lane, query: RangeQuery): Promise<IDRange | undefined> {
  const { userID, idBefore, createdBefore, createdAfter } = query
  const [[wallet]] = await lane.roundTrip((sql) => [statements.readVersion(sql, userID)])
  if (wallet === undefined) return undefined
  let before = BigInt(wallet.version) + 1n
  if (idBefore !== undefined) before = lower(before, idBefore)
  if (createdBefore !== undefined) before = lower(before, await firstIDFrom(lane, userID, createdBefore))
  const from = createdAfter === undefined ? 1n : await firstIDFrom(lane, userID, after(createdAfter, 1n))
  return { from: lower(from, before), before }
}

async function firstIDFrom(lane: Lane, userID: UserID, instant: Instant): Promise<bigint> {
  const [[row]] = await lane.roundTrip((sql) => [statements.firstIDFrom(sql, userID, instant)])
  if (row === undefined) throw new Error('a wallet has vanished')
  return BigInt(row.id)
}

function lower(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
