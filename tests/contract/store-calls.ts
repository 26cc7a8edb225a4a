import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { Command, RequestID, Unit } from '../../src/domain/command.ts'
import { decideBatch } from '../../src/domain/decide.ts'
import { FIRST_EPOCH } from '../../src/domain/epoch.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { toAmount } from '../../src/domain/money.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { Transaction, TransactionID } from '../../src/domain/transaction.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import type { LedgerReads } from '../../src/ports/inspection.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'

/** A store of the test's own, empty; closed when the test is over. */
export type CreateStore = (t: Test) => Promise<WalletStore & LedgerReads>

export const ANN = toUserID('ann')
export const BOB = toUserID('bob')
export const FAR_FUTURE = fromMilliseconds(Date.UTC(2100, 0))

type Movement = Command['movement']
export const deposit = (units: bigint): Movement => ({ kind: 'deposit', amount: toAmount(units), passiveUserID: null })
export const withdraw = (units: bigint): Movement => ({
  kind: 'withdraw',
  amount: toAmount(units),
  passiveUserID: null,
})
export const transfer = (to: UserID, units: bigint): Movement => ({
  kind: 'transfer',
  amount: toAmount(units),
  passiveUserID: to,
})

export function command(userID: UserID, movement: Movement, given: Partial<Command> = {}): Command {
  const transactionID = randomUUID() as TransactionID
  return {
    ...{ userID, transactionID, movement, requestID: 'request-1' as RequestID },
    ...{ expiresAt: FAR_FUTURE, epoch: FIRST_EPOCH },
    ...given,
  }
}

export function transact(store: WalletStore, ...commands: readonly Unit[]): Promise<readonly Outcome[]> {
  return store.transact(commands, decideBatch)
}

export async function executed(store: WalletStore, of: Command): Promise<Transaction> {
  const [outcome] = await transact(store, of)
  if (outcome?.kind !== 'executed') throw new Error(`not executed: ${outcome?.kind}`)
  return outcome.transaction
}

export async function history(store: WalletStore, userID: UserID): Promise<readonly Transaction[]> {
  const page = await store.history({ userID, limit: 1000 })
  return page?.transactions ?? []
}

export async function balances(
  store: WalletStore,
  ...userIDs: readonly UserID[]
): Promise<readonly (bigint | undefined)[]> {
  const wallets = await store.wallets(userIDs)
  return wallets.map((wallet) => wallet?.balance)
}
