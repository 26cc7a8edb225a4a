import { TransactionType } from '../client/client.ts'

type Type = (typeof TransactionType)[keyof typeof TransactionType]

/** A type as people write it. */
export const TYPE_NAMES = ['deposit', 'withdrawal', 'transfer-in', 'transfer-out'] as const
export type TypeName = (typeof TYPE_NAMES)[number]

export const TYPES: Readonly<Record<TypeName, Type>> = {
  deposit: TransactionType.Deposit,
  withdrawal: TransactionType.Withdrawal,
  'transfer-in': TransactionType.TransferIn,
  'transfer-out': TransactionType.TransferOut,
}

export function nameOf(type: Type): TypeName {
  const name = TYPE_NAMES.find((each) => TYPES[each] === type)
  if (name === undefined) throw new RangeError(`not a transaction type: ${type}`)
  return name
}

/** An answer as the service sent it: its money is a number there, at most 2^53 − 1 and so exact. */
export function asJSON(answer: object): string {
  return JSON.stringify(answer, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value))
}
