import type { Command, RequestID } from '../../src/domain/command.ts'
import type { State } from '../../src/domain/decide.ts'
import { type Epoch, FIRST_EPOCH } from '../../src/domain/epoch.ts'
import { after, toInstant } from '../../src/domain/instant.ts'
import { toAmount, toBalance } from '../../src/domain/money.ts'
import type { Movement } from '../../src/domain/movement.ts'
import type { Outcome, StoredOutcome } from '../../src/domain/outcome.ts'
import type { TransactionID } from '../../src/domain/transaction.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import type { Wallet } from '../../src/domain/wallet.ts'

/*
 * Values of the domain, made with as few words as a test needs to say what matters to it.
 */

export const SECOND = 1_000_000n
export const HOUR = 3600n * SECOND

/** 2024-12-16T03:59:02.608558Z */
export const NOW = toInstant(1_734_321_542_608_558n)

export const alice = toUserID('alice')
export const bob = toUserID('bob')
export const carol = toUserID('carol')

/** The nth transaction ID; it is signed by no one. */
export function transactionID(n: number): TransactionID {
  return `0193cdb2-1d20-8000-8000-${n.toString(16).padStart(12, '0')}` as TransactionID
}

/** Of a ledger that was restored. */
export const LATER_EPOCH = '5d0b1e0c-3c1b-4f55-9d7a-6a3c1f2b8e90' as Epoch

export function requestID(text: string): RequestID {
  return text as RequestID
}

export function deposit(units: bigint): Movement {
  return { kind: 'deposit', amount: toAmount(units), passiveUserID: null }
}

export function withdraw(units: bigint): Movement {
  return { kind: 'withdraw', amount: toAmount(units), passiveUserID: null }
}

export function transfer(units: bigint, passiveUserID: UserID): Movement {
  return { kind: 'transfer', amount: toAmount(units), passiveUserID }
}

/** A command of alice's under her first ID, which expires in an hour, unless said otherwise. */
export function command(movement: Movement, but: Partial<Command> = {}): Command {
  return {
    userID: alice,
    transactionID: transactionID(1),
    expiresAt: after(NOW, HOUR),
    epoch: FIRST_EPOCH,
    requestID: requestID('request-1'),
    movement,
    ...but,
  }
}

/** A wallet that last moved an hour before {@link NOW}. */
export function wallet(userID: UserID, units: bigint, but: Partial<Wallet> = {}): Wallet {
  const anHourAgo = after(NOW, -HOUR)
  return { userID, balance: toBalance(units), version: 7n, createdAt: anHourAgo, updatedAt: anHourAgo, ...but }
}

export function stateOf(
  wallets: readonly Wallet[],
  outcomes: readonly StoredOutcome[] = [],
  epoch: Epoch = FIRST_EPOCH,
): State {
  return {
    wallet: (userID) => wallets.find((wallet) => wallet.userID === userID),
    outcome: (id) => outcomes.find((outcome) => idOf(outcome) === id),
    epoch,
  }
}

function idOf(outcome: StoredOutcome): TransactionID {
  return outcome.kind === 'executed' ? outcome.transaction.transactionID : outcome.refusal.transactionID
}

/** The outcome as a store keeps it; a rejection is never kept. */
export function stored(outcome: Outcome): StoredOutcome {
  switch (outcome.kind) {
    case 'executed':
      return { kind: 'executed', transaction: outcome.transaction }
    case 'refused':
      return { kind: 'refused', refusal: outcome.refusal }
    case 'rejected':
      throw new Error(`a rejection is not kept: ${outcome.code}`)
    default:
      return outcome satisfies never
  }
}

/** The outcome in a word: `EXECUTED`, `REPLAYED …`, or the code. */
export function summary(outcome: Outcome): string {
  if (outcome.kind === 'rejected') return outcome.code
  const word = outcome.kind === 'executed' ? 'EXECUTED' : outcome.refusal.code
  return outcome.replayed ? `REPLAYED ${word}` : word
}
