import { randomBytes, randomUUID } from 'node:crypto'
import { type IDRange, spacedIDs } from '../../domain/curve.ts'
import { type Epoch, FIRST_EPOCH } from '../../domain/epoch.ts'
import { FEED_START, isSamePosition, lookedAt, positionOf, toFeedPage } from '../../domain/feed.ts'
import { MAX_NEWS } from '../../domain/follow.ts'
import { type HistoryQuery, MAX_LOOKED_AT, toPage } from '../../domain/history.ts'
import type { StoredOutcome } from '../../domain/outcome.ts'
import { endOf } from '../../domain/past.ts'
import { type Transaction, type TransactionID, TransactionType } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import { newWallet, type Wallet } from '../../domain/wallet.ts'
import { decideState, type StateChange } from '../../domain/wallet-state.ts'
import { type LedgerReads, MAX_SHOWN } from '../../ports/inspection.ts'
import { type EpochKey, KEY_BYTES } from '../../ports/transaction-ids.ts'
import type { Clock, WalletStore } from '../../ports/wallet-store.ts'
import { statementOf, walletAt } from './past.ts'

/** It also begins an epoch, as `npx wallet restored` does in a database. */
export interface MemoryWalletStore extends WalletStore, LedgerReads {
  beginEpoch(): void
}

/**
 * The store over Maps: for tests, and for reading what a store does. One event loop is its lock, since nothing
 * in here waits.
 */
export function createMemoryWalletStore(clock: Clock): MemoryWalletStore {
  const wallets = new Map<UserID, Wallet>()
  const histories = new Map<UserID, Transaction[]>()
  const outcomes = new Map<TransactionID, StoredOutcome>()
  const changes = new Map<UserID, readonly StateChange[]>()
  /** All transactions in the order of their commits. */
  const feed: Transaction[] = []
  /** Newest first. */
  let epochs: readonly EpochKey[] = []
  const epochNow = () => epochs[0]?.epoch ?? FIRST_EPOCH
  const placeIn = (index: number) =>
    positionOf({ number: BigInt(index + 1), transaction: transactionAt(index) }, epochNow())

  function transactionAt(index: number): Transaction {
    const transaction = feed[index]
    if (transaction === undefined) throw new RangeError(`the feed has no transaction ${index}`)
    return transaction
  }

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

    async transact(units, decide) {
      const state = {
        wallet: (userID: UserID) => wallets.get(userID),
        outcome: (transactionID: TransactionID) => outcomes.get(transactionID),
        epoch: epochNow(),
      }
      const { outcomes: decided, writes } = decide(units, state, clock())
      for (const wallet of writes.wallets) wallets.set(wallet.userID, wallet)
      for (const transaction of writes.transactions) {
        histories.get(transaction.userID)?.push(transaction)
        feed.push(transaction)
        // The other half of a transfer is no outcome: the ID belongs to the side that acted.
        if (transaction.type === TransactionType.TransferIn) continue
        outcomes.set(transaction.transactionID, { kind: 'executed', transaction })
      }
      for (const refusal of writes.refusals) outcomes.set(refusal.transactionID, { kind: 'refused', refusal })
      return decided
    },

    async changeState(request) {
      const decision = decideState(wallets.get(request.userID), request.state)
      if (decision.kind !== 'changed') return decision
      const before = changes.get(request.userID) ?? []
      const change = { ...request, id: BigInt(before.length + 1), changedAt: clock() }
      changes.set(request.userID, [...before, change])
      wallets.set(request.userID, decision.wallet)
      return decision
    },

    async wallets(userIDs) {
      return userIDs.map((userID) => wallets.get(userID))
    },

    async outcome(_userID, transactionID) {
      return { stored: outcomes.get(transactionID), now: clock(), epoch: epochNow() }
    },

    async epochs() {
      return epochs
    },

    beginEpoch() {
      epochs = [{ epoch: randomUUID() as Epoch, key: randomBytes(KEY_BYTES) }, ...epochs]
    },

    async history(query) {
      const history = histories.get(query.userID)
      if (history === undefined) return undefined
      const { types, reference } = query
      const asked = within(query, history)
        .filter(({ note }) => reference === undefined || note?.reference === reference)
        .reverse()
      const lookedAt = asked.slice(0, MAX_LOOKED_AT)
      const found = lookedAt.filter(({ type }) => types?.includes(type) ?? true)
      const lastSeen = lookedAt.at(-1)
      return toPage(query.limit, found, lastSeen === asked.at(-1) ? null : (lastSeen?.id ?? null))
    },

    async news(positions) {
      const news = positions.map(({ userID, after }) => {
        const behind = (histories.get(userID) ?? []).filter(({ id }) => id > after)
        return [userID, behind.slice(0, MAX_NEWS)] as const
      })
      return new Map(news.filter(([, transactions]) => transactions.length > 0))
    },

    async walletAt(moment) {
      const { userID } = moment
      const now = clock()
      if (endOf(moment) > now) return { kind: 'future', now }
      const wallet = walletAt(moment, wallets.get(userID), histories.get(userID) ?? [], changes.get(userID) ?? [])
      return wallet === undefined ? { kind: 'absent' } : { kind: 'found', wallet }
    },

    async statement(period) {
      const history = histories.get(period.userID)
      return history && statementOf(period, history)
    },

    async feed(query) {
      const { after, userID, reference } = query
      const from = Number(after.number)
      const isKnown = () =>
        from <= feed.length && after.epoch === epochNow() && isSamePosition(placeIn(from - 1), after)
      if (from > 0 && !isKnown()) return { kind: 'gone' }
      const seen = feed.slice(from, from + lookedAt(query)).map((transaction, index) => ({
        number: BigInt(from + index + 1),
        transaction,
        wanted:
          (userID ?? transaction.userID) === transaction.userID &&
          (reference === undefined || transaction.note?.reference === reference),
      }))
      return { kind: 'page', page: toFeedPage(query, seen, epochNow()) }
    },

    async feedEnd() {
      return feed.length === 0 ? FEED_START : placeIn(feed.length - 1)
    },

    async feedHold() {
      return { oldest: undefined, prepared: 0 }
    },

    async find({ prefix, limit }) {
      const found = [...wallets.values()].filter(({ userID }) => userID.startsWith(prefix))
      return found.sort((a, b) => byteOrder(a.userID, b.userID)).slice(0, limit)
    },

    async findTransaction(transactionID) {
      const transactions = [...histories.values()].flat().filter((each) => each.transactionID === transactionID)
      const outcome = outcomes.get(transactionID)
      return {
        transactions: transactions.sort((a, b) => b.type - a.type),
        refusals: outcome?.kind === 'refused' ? [outcome.refusal] : [],
      }
    },

    async findReference(reference) {
      const found = [...histories.values()].flat().filter(({ note }) => note?.reference === reference)
      return found.sort((a, b) => byteOrder(a.userID, b.userID) || Number(b.id - a.id)).slice(0, MAX_SHOWN)
    },

    async stateChanges(userID) {
      return (changes.get(userID) ?? []).toReversed().slice(0, MAX_SHOWN)
    },

    async newest(limit) {
      const from = Math.max(0, feed.length - limit)
      const seen = feed
        .slice(from)
        .map((transaction, index) => ({ ...placeIn(from + index), transaction, wanted: true }))
      return { kind: 'page', page: toFeedPage({ after: FEED_START, limit }, seen, epochNow()) }
    },

    async curve(query) {
      const history = histories.get(query.userID)
      if (history === undefined) return undefined
      const range = idsOf(within(query, history))
      const ids = new Set(spacedIDs(range, query.points))
      const points = history.filter(({ id }) => ids.has(id))
      return {
        transactions: range.before - range.from,
        points: points.map(({ id, balance, createdAt }) => ({ id, balance, createdAt })),
      }
    },

    async lastAudit() {
      return undefined
    },

    async delivery() {
      return undefined
    },

    async ping() {},
    async close() {},
  }
}

/** As the database compares them. */
function byteOrder(a: UserID, b: UserID): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Those between the bounds that are there, oldest first. */
function within(
  { createdAfter, createdFrom, createdBefore, idBefore }: Omit<HistoryQuery, 'userID' | 'limit'>,
  history: readonly Transaction[],
): Transaction[] {
  return history.filter(
    ({ id, createdAt }) =>
      (idBefore === undefined || id < idBefore) &&
      (createdBefore === undefined || createdAt < createdBefore) &&
      (createdAfter === undefined || createdAt > createdAfter) &&
      (createdFrom === undefined || createdAt >= createdFrom),
  )
}

function idsOf(transactions: readonly Transaction[]): IDRange {
  const [oldest, newest] = [transactions[0], transactions.at(-1)]
  if (oldest === undefined || newest === undefined) return { from: 1n, before: 1n }
  return { from: oldest.id, before: newest.id + 1n }
}
