import { after, type Instant } from './instant.ts'
import type { Balance } from './money.ts'
import { type Transaction, TransactionType } from './transaction.ts'
import type { UserID } from './user-id.ts'
import type { Wallet } from './wallet.ts'

/** A moment of a wallet's life: what happened in its own microsecond is part of it. */
export interface Moment {
  readonly userID: UserID
  readonly at: Instant
}

/** How a wallet was. `future`: the moment is not over, so no one knows yet. */
export type PastWallet =
  | { readonly kind: 'found'; readonly wallet: Wallet }
  | { readonly kind: 'absent' }
  | { readonly kind: 'future'; readonly now: Instant }

/** A part of a wallet's life: `from` belongs to it, `to` to the one that follows. */
export interface Period {
  readonly userID: UserID
  readonly from: Instant
  readonly to: Instant
}

/** What the transactions of one type come to. The amounts may add up to far more than a wallet can hold. */
export interface Total {
  readonly count: bigint
  readonly amount: bigint
}

export type Totals = Readonly<Record<TransactionType, Total>>

/** What a period began with, ended with, and had in between. */
export interface Statement extends Period {
  /** The balance before `from`. */
  readonly opening: Balance
  /** The balance before `to`, with which the next period opens. */
  readonly closing: Balance
  readonly count: bigint
  /** `null` if there are no transactions. */
  readonly firstID: bigint | null
  readonly lastID: bigint | null
  /** `null` if there are more than {@link MAX_TOTALLED}. */
  readonly totals: Totals | null
}

/** How many transactions are added up at most: all else of a statement costs the same however many there are. */
export const MAX_TOTALLED = 100_000

/** A wallet's money at one end of a period. */
export interface PeriodEnd {
  /** The id of the last transaction before it; 0 if there is none. */
  readonly version: bigint
  readonly balance: Balance
}

/** The first microsecond that is not part of a moment. */
export function endOf({ at }: Moment): Instant {
  return after(at, 1n)
}

/** @param totals is asked only if there are not too many transactions. */
export function toStatement(
  period: Period,
  opening: PeriodEnd,
  closing: PeriodEnd,
  totals: () => Iterable<readonly [TransactionType, Total]>,
): Statement {
  // Ids have no gap, so no one has to count.
  const count = closing.version - opening.version
  return {
    ...period,
    opening: opening.balance,
    closing: closing.balance,
    count,
    firstID: count === 0n ? null : opening.version + 1n,
    lastID: count === 0n ? null : closing.version,
    totals: count > MAX_TOTALLED ? null : toTotals(totals()),
  }
}

const NONE: Total = { count: 0n, amount: 0n }

/** A total for each type, also for those that did not occur. */
function toTotals(totals: Iterable<readonly [TransactionType, Total]>): Totals {
  const byType = new Map(totals)
  const { Deposit, Withdrawal, TransferIn, TransferOut } = TransactionType
  return {
    [Deposit]: byType.get(Deposit) ?? NONE,
    [Withdrawal]: byType.get(Withdrawal) ?? NONE,
    [TransferIn]: byType.get(TransferIn) ?? NONE,
    [TransferOut]: byType.get(TransferOut) ?? NONE,
  }
}

/** What the transactions add up to, by their type. */
export function addUp(transactions: readonly Transaction[]): ReadonlyMap<TransactionType, Total> {
  const totals = new Map<TransactionType, Total>()
  for (const { type, amount } of transactions) {
    const before = totals.get(type) ?? NONE
    totals.set(type, { count: before.count + 1n, amount: before.amount + amount })
  }
  return totals
}
