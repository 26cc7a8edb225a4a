import type { State, Writes } from '../../src/domain/decide.ts'
import { FIRST_EPOCH } from '../../src/domain/epoch.ts'
import type { StoredOutcome } from '../../src/domain/outcome.ts'
import { type Transaction, type TransactionID, TransactionType } from '../../src/domain/transaction.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import type { Wallet } from '../../src/domain/wallet.ts'
import { stateOf } from '../../src/domain/wallet-state.ts'

/** Everything that is kept, as it stands after some calls. */
export interface Ledger {
  readonly wallets: ReadonlyMap<UserID, Wallet>
  /** Oldest first. */
  readonly histories: ReadonlyMap<UserID, readonly Transaction[]>
  readonly outcomes: ReadonlyMap<TransactionID, StoredOutcome>
  /** All of it once more, a bit for each fact. */
  readonly facts: bigint
}

export const NOTHING: Ledger = { wallets: new Map(), histories: new Map(), outcomes: new Map(), facts: 0n }

export interface Bookkeeping {
  opened(ledger: Ledger, wallet: Wallet): Ledger
  kept(ledger: Ledger, writes: Writes): Ledger
  /** The wallet has another state. */
  changed(ledger: Ledger, wallet: Wallet): Ledger
}

/**
 * Ledgers are told apart by their facts, whatever the order in which those came about. A fact stays for ever, but for the
 * one that says how a wallet is: frozen, closed, or neither.
 */
export function createBookkeeping(): Bookkeeping {
  const bits = new Map<string, bigint>()

  function bitOf(fact: string): bigint {
    const bit = bits.get(fact) ?? 1n << BigInt(bits.size)
    bits.set(fact, bit)
    return bit
  }

  const stateBit = (wallet: Wallet | undefined): bigint =>
    wallet?.state === undefined ? 0n : bitOf(`${wallet.userID} is ${stateOf(wallet)}`)

  return {
    opened: (ledger, wallet) => ({
      ...ledger,
      wallets: new Map(ledger.wallets).set(wallet.userID, wallet),
      facts: ledger.facts | bitOf(`open ${wallet.userID}`),
    }),

    kept(ledger, { wallets: moved, transactions, refusals }) {
      if (transactions.length === 0 && refusals.length === 0) return ledger
      const wallets = new Map(ledger.wallets)
      const histories = new Map(ledger.histories)
      const outcomes = new Map(ledger.outcomes)
      let { facts } = ledger
      for (const wallet of moved) wallets.set(wallet.userID, wallet)
      for (const transaction of transactions) {
        const { userID, transactionID, type } = transaction
        histories.set(userID, [...(histories.get(userID) ?? []), transaction])
        facts |= bitOf(factOf(transaction))
        // The other half of a transfer is no outcome: the ID belongs to the side that acted.
        if (type !== TransactionType.TransferIn) outcomes.set(transactionID, { kind: 'executed', transaction })
      }
      for (const refusal of refusals) {
        const { transactionID, movement, code } = refusal
        outcomes.set(transactionID, { kind: 'refused', refusal })
        facts |= bitOf(`${transactionID} ${code} ${factOf(movement)}`)
      }
      return { wallets, histories, outcomes, facts }
    },

    changed: (ledger, wallet) => ({
      ...ledger,
      wallets: new Map(ledger.wallets).set(wallet.userID, wallet),
      facts: (ledger.facts & ~stateBit(ledger.wallets.get(wallet.userID))) | stateBit(wallet),
    }),
  }
}

/** What the domain decides on. */
export function stateIn({ wallets, outcomes }: Ledger): State {
  return {
    wallet: (userID) => wallets.get(userID),
    outcome: (transactionID) => outcomes.get(transactionID),
    epoch: FIRST_EPOCH,
  }
}

/** With its note: the same movement with another one is another fact. */
function factOf(thing: object): string {
  return JSON.stringify(thing, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
}
