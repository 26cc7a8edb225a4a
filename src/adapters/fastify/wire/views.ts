import type { FeedPage } from '../../../domain/feed.ts'
import type { Page } from '../../../domain/history.ts'
import type { Instant } from '../../../domain/instant.ts'
import type { Note } from '../../../domain/note.ts'
import type { Statement, Total } from '../../../domain/past.ts'
import { formatInstant } from '../../../domain/rfc3339.ts'
import type { Transaction } from '../../../domain/transaction.ts'
import type { Wallet } from '../../../domain/wallet.ts'
import { formatCursor } from './feed-cursor.ts'

/** The domain's things as they go over the wire: times as text; bigints stay, the serialiser writes them exactly. */

export function walletView(wallet: Wallet) {
  return { ...wallet, createdAt: formatInstant(wallet.createdAt), updatedAt: formatInstant(wallet.updatedAt) }
}

export function pastWalletView(wallet: Wallet, at: Instant) {
  return { ...walletView(wallet), at: formatInstant(at) }
}

export function transactionView(transaction: Transaction) {
  const { note } = transaction
  const view = { ...transaction, createdAt: formatInstant(transaction.createdAt) }
  return note === undefined ? view : { ...view, ...noteView(note) }
}

export function noteView({ reference, metadata }: Note) {
  return {
    ...(reference !== undefined && { reference }),
    ...(metadata !== undefined && { metadata: JSON.parse(metadata) as Record<string, string> }),
  }
}

export function pageView({ transactions, nextIDBefore }: Page) {
  return {
    transactions: transactions.map(transactionView),
    nextIDBefore: orNull(nextIDBefore),
  }
}

export function statementView({ from, to, firstID, lastID, totals, ...rest }: Statement) {
  return {
    ...rest,
    from: formatInstant(from),
    to: formatInstant(to),
    firstID: orNull(firstID),
    lastID: orNull(lastID),
    totals: totals && {
      1: totalView(totals[1]),
      2: totalView(totals[2]),
      3: totalView(totals[3]),
      4: totalView(totals[4]),
    },
  }
}

/** A sum may be larger than what every JSON client reads exactly as a number, so it is text. */
function totalView({ count, amount }: Total) {
  return { count: Number(count), amount: String(amount) }
}

/** The serialiser takes a bigint for an integer, but not for one that may be null. */
function orNull(id: bigint | null): number | null {
  return id === null ? null : Number(id)
}

export function feedPageView({ transactions, next }: FeedPage) {
  return { transactions: transactions.map(transactionView), next: formatCursor(next) }
}
