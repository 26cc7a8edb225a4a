import type { FeedPage } from '../../../domain/feed.ts'
import type { Page } from '../../../domain/history.ts'
import type { Note } from '../../../domain/note.ts'
import { formatInstant } from '../../../domain/rfc3339.ts'
import type { Transaction } from '../../../domain/transaction.ts'
import type { Wallet } from '../../../domain/wallet.ts'
import { formatCursor } from './feed-cursor.ts'

/** The domain's things as they go over the wire: times as text; bigints stay, the serialiser writes them exactly. */

export function walletView(wallet: Wallet) {
  return { ...wallet, createdAt: formatInstant(wallet.createdAt), updatedAt: formatInstant(wallet.updatedAt) }
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
  // The serialiser takes a bigint for an integer, but not for one that may be null.
  return {
    transactions: transactions.map(transactionView),
    nextIDBefore: nextIDBefore === null ? null : Number(nextIDBefore),
  }
}

export function feedPageView({ transactions, next }: FeedPage) {
  return { transactions: transactions.map(transactionView), next: formatCursor(next) }
}
