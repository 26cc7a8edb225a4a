import type { Amount } from './money.ts'
import { type Note, sameNote } from './note.ts'
import { type Transaction, TransactionType } from './transaction.ts'
import type { UserID } from './user-id.ts'

/** What a transaction ID is bound to by its first use: the same ID with anything else here is a reuse. */
export type Movement =
  | {
      readonly kind: 'deposit' | 'withdraw'
      readonly amount: Amount
      readonly passiveUserID: null
      readonly note?: Note
    }
  | { readonly kind: 'transfer'; readonly amount: Amount; readonly passiveUserID: UserID; readonly note?: Note }

/** The type of the transaction that a movement writes in the wallet that acts; the other half of a transfer is a TransferIn. */
const ACTING_TYPE = {
  deposit: TransactionType.Deposit,
  withdraw: TransactionType.Withdrawal,
  transfer: TransactionType.TransferOut,
} as const satisfies Record<Movement['kind'], TransactionType>

export function typeOf({ kind }: Movement): TransactionType {
  return ACTING_TYPE[kind]
}

/** The movement that wrote a transaction, seen from the wallet that acted; `undefined` for a TransferIn. */
export function movementOf(
  written: Pick<Transaction, 'type' | 'amount' | 'passiveUserID' | 'note'>,
): Movement | undefined {
  const { type, amount, passiveUserID, note } = written
  const noted = note && { note }
  switch (type) {
    case ACTING_TYPE.deposit:
      return { kind: 'deposit', amount, passiveUserID: null, ...noted }
    case ACTING_TYPE.withdraw:
      return { kind: 'withdraw', amount, passiveUserID: null, ...noted }
    case ACTING_TYPE.transfer:
      return passiveUserID === null ? undefined : { kind: 'transfer', amount, passiveUserID, ...noted }
    case TransactionType.TransferIn:
      return undefined
    default:
      return type satisfies never
  }
}

export function sameMovement(a: Movement, b: Movement): boolean {
  return a.kind === b.kind && a.amount === b.amount && a.passiveUserID === b.passiveUserID && sameNote(a.note, b.note)
}
