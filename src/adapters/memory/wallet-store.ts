import { type HistoryQuery, type IDRange, scannedRange, toPage } from '../../domain/history.ts'
import type { StoredOutcome } from '../../domain/outcome.ts'
import { type Transaction, type TransactionID, TransactionType } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import { newWallet, type Wallet } from '../../domain/wallet.ts'
import type { Clock } from '../../ports/clock.ts'
import type { WalletStore } from '../../ports/wallet-store.ts'

/**
 * The store over Maps: for tests, and for reading what a store does. One event loop is its lock, since nothing
 * in here waits.
 */
export function createMemoryWalletStore(clock: Clock): WalletStore {
  const wallets = new Map<UserID, Wallet>()
  const histories = new Map<UserID, Transaction[]>()
  const outcomes = new Map<TransactionID, StoredOutcome>()

  function openOne(userID: UserID): { wallet: Wallet; created: boolean } {
    const existing = wallets.get(userID)
    if (existing !== undefined) return { wallet: existing, created: false }
    const wallet = newWallet(userID, clock())
    wallets.set(userID, wallet)
    histories.set(userID, [])
    return { wallet, created: true }
  }

  return {
    async open(userIDs) {
      return userIDs.map(openOne)
    },

    async transact(reads, decide) {
      const { outcomes: decided, writes } = decide(
        {
          wallet: (userID) => (reads.wallets.has(userID) ? wallets.get(userID) : undefined),
          outcome: (transactionID) => outcomes.get(transactionID),
        },
        clock(),
      )
      for (const wallet of writes.wallets) wallets.set(wallet.userID, wallet)
      for (const transaction of writes.transactions) {
        histories.get(transaction.userID)?.push(transaction)
        // The other half of a transfer is no outcome: the ID belongs to the side that acted.
        if (transaction.type === TransactionType.TransferIn) continue
        outcomes.set(transaction.transactionID, { kind: 'executed', transaction })
      }
      for (const refusal of writes.refusals) outcomes.set(refusal.transactionID, { kind: 'refused', refusal })
      return decided
    },

    async wallets(userIDs) {
      return userIDs.map((userID) => wallets.get(userID))
    },

    async outcome(_userID, transactionID) {
      return { stored: outcomes.get(transactionID), now: clock() }
    },

    async history(query) {
      const history = histories.get(query.userID)
      if (history === undefined) return undefined
      const whole = idRange(query, history)
      const scanned = scannedRange(query, whole)
      const found = history.filter(
        ({ id, type }) => id >= scanned.from && id < scanned.before && (query.types?.includes(type) ?? true),
      )
      return toPage(query, whole, scanned, found.reverse().slice(0, query.limit + 1))
    },

    async ping() {},
    async close() {},
  }
}

function idRange(query: HistoryQuery, history: readonly Transaction[]): IDRange {
  const { createdAfter, createdBefore, idBefore } = query
  const wanted = history.filter(
    ({ id, createdAt }) =>
      (idBefore === undefined || id < idBefore) &&
      (createdBefore === undefined || createdAt < createdBefore) &&
      (createdAfter === undefined || createdAt > createdAfter),
  )
  const newest = wanted.at(-1)
  return newest === undefined ? { from: 1n, before: 1n } : { from: wanted[0]?.id ?? 1n, before: newest.id + 1n }
}
