import { TransactionType } from '../client/client.ts'

/** A type as people write it. */
export const TYPE_NAMES = ['deposit', 'withdrawal', 'transfer-in', 'transfer-out'] as const
export type TypeName = (typeof TYPE_NAMES)[number]
type Type = (typeof TransactionType)[keyof typeof TransactionType]

export const TYPES: Readonly<Record<TypeName, Type>> = {
  deposit: TransactionType.Deposit,
  withdrawal: TransactionType.Withdrawal,
  'transfer-in': TransactionType.TransferIn,
  'transfer-out': TransactionType.TransferOut,
}

export const NAMES: Readonly<Record<Type, TypeName>> = {
  [TransactionType.Deposit]: 'deposit',
  [TransactionType.Withdrawal]: 'withdrawal',
  [TransactionType.TransferIn]: 'transfer-in',
  [TransactionType.TransferOut]: 'transfer-out',
}

/** An answer as the service sent it: its money is a number there, at most 2^53 − 1 and so exact. */
export function asJSON(answer: object): string {
  return JSON.stringify(answer, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
}
