import { EMPTY } from '../../domain/money.ts'
import { addUp, type Moment, type Period, type PeriodEnd, type Statement, toStatement } from '../../domain/past.ts'
import type { Transaction } from '../../domain/transaction.ts'
import { newWallet, type Wallet } from '../../domain/wallet.ts'
import type { StateChange } from '../../domain/wallet-state.ts'

/* The past of a wallet, found by looking at everything that happened; all lists are oldest first. */

/** `undefined` if the wallet was not open yet. */
export function walletAt(
  { userID, at }: Moment,
  wallet: Wallet | undefined,
  history: readonly Transaction[],
  changes: readonly StateChange[],
): Wallet | undefined {
  if (wallet === undefined || wallet.createdAt > at) return undefined
  const last = history.findLast(({ createdAt }) => createdAt <= at)
  const { state = 'open' } = changes.findLast(({ changedAt }) => changedAt <= at) ?? {}
  return {
    ...newWallet(userID, wallet.createdAt),
    ...(last && { balance: last.balance, version: last.id, updatedAt: last.createdAt }),
    ...(state !== 'open' && { state }),
  }
}

export function statementOf(period: Period, history: readonly Transaction[]): Statement {
  const before = history.filter(({ createdAt }) => createdAt < period.from)
  const until = history.filter(({ createdAt }) => createdAt < period.to)
  return toStatement(period, endAfter(before), endAfter(until), () => addUp(until.slice(before.length)))
}

function endAfter(history: readonly Transaction[]): PeriodEnd {
  const last = history.at(-1)
  return last === undefined ? { version: 0n, balance: EMPTY } : { version: last.id, balance: last.balance }
}
