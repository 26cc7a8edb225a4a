import { createMemoryWalletStore } from '../../../src/adapters/memory/wallet-store.ts'
import type { ServiceBounds } from '../../../src/app/wallet-service.ts'
import type { LedgerReads } from '../../../src/ports/inspection.ts'
import { type Clock, StoreError, type WalletStore } from '../../../src/ports/wallet-store.ts'
import { DEFAULT_BOUNDS } from './http.ts'

export interface HeldStore {
  readonly store: WalletStore & LedgerReads
  /** From now on nothing is answered; resolves when something waits for it. */
  hold(): Promise<void>
  /** Answers what was held, and from now on at once. */
  release(): void
  /** From now on everything fails like this. */
  fail(error: Error): void
  /** Declares the ledger restored. */
  beginEpoch(): void
}

/** The memory store with a gate before every method. */
export function createHeldStore(clock: Clock): HeldStore {
  const real = createMemoryWalletStore(clock)
  let gate = Promise.resolve()
  let open = () => {}
  let reached = () => {}

  async function through<Result>(use: () => Promise<Result>): Promise<Result> {
    reached()
    await gate
    return use()
  }

  return {
    store: {
      open: (users) => through(() => real.open(users)),
      transact: (reads, decide) => through(() => real.transact(reads, decide)),
      changeState: (request) => through(() => real.changeState(request)),
      wallets: (users) => through(() => real.wallets(users)),
      outcome: (user, id) => through(() => real.outcome(user, id)),
      epochs: () => through(() => real.epochs()),
      history: (query) => through(() => real.history(query)),
      news: (positions) => through(() => real.news(positions)),
      walletAt: (moment) => through(() => real.walletAt(moment)),
      statement: (period) => through(() => real.statement(period)),
      feed: (query) => through(() => real.feed(query)),
      feedEnd: () => through(() => real.feedEnd()),
      feedHold: () => through(() => real.feedHold()),
      find: (search) => through(() => real.find(search)),
      findTransaction: (id) => through(() => real.findTransaction(id)),
      findReference: (reference) => through(() => real.findReference(reference)),
      stateChanges: (userID) => through(() => real.stateChanges(userID)),
      newest: (limit) => through(() => real.newest(limit)),
      curve: (query) => through(() => real.curve(query)),
      lastAudit: () => through(() => real.lastAudit()),
      delivery: () => through(() => real.delivery()),
      ping: () => through(() => real.ping()),
      close: () => real.close(),
    },
    hold() {
      const openBefore = open
      gate = new Promise((resolve) => {
        open = () => {
          openBefore()
          resolve()
        }
      })
      return new Promise((resolve) => {
        reached = resolve
      })
    },
    release: () => open(),
    beginEpoch: real.beginEpoch,
    fail(error) {
      gate = Promise.reject(error)
      gate.catch(() => {})
    },
  }
}

export const NOT_WRITTEN = new StoreError('no', 'the test took the store away')
export const MAYBE_WRITTEN = new StoreError('unknown', 'the test took the store away at commit')

/** The same bounds for all ways to the store. */
export function uniformBounds(bounds: Partial<ServiceBounds['movements']>): ServiceBounds {
  const one = { ...DEFAULT_BOUNDS.movements, ...bounds }
  const feed = { ...DEFAULT_BOUNDS.feed, ...bounds }
  return { movements: one, opens: one, stateChanges: one, walletReads: one, singleReads: one, feed }
}
