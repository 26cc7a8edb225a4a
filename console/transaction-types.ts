import { TransactionType } from '../client/client.ts'

type Type = (typeof TransactionType)[keyof typeof TransactionType]

interface Meaning {
  readonly label: string
  /** What it does to the balance. */
  readonly sign: '+' | '−'
}

export const TYPES: Readonly<Record<Type, Meaning>> = {
  [TransactionType.Deposit]: { label: 'Deposit', sign: '+' },
  [TransactionType.Withdrawal]: { label: 'Withdrawal', sign: '−' },
  [TransactionType.TransferIn]: { label: 'Transfer in', sign: '+' },
  [TransactionType.TransferOut]: { label: 'Transfer out', sign: '−' },
}

export const TYPE_NUMBERS: readonly Type[] = Object.values(TransactionType)

/** How many, in words. */
export function transactionCount(count: number): string {
  return `${count} ${count === 1 ? 'transaction' : 'transactions'}`
}
