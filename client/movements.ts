import { TransactionType } from './answers.ts'
import type { MovementItem, TransferItem } from './api-types.ts'

/** Base units: 1000000 = 1 dollar. From 1 to 2^53 − 1. */
export type Amount = bigint | number

/** What may be added to every movement. */
export interface MovementNote {
  /** What it is about, in 1 to 64 characters; on both halves of a transfer. */
  readonly reference?: string
  /** The payer's own fields, never shown to the recipient. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Refused with `VERSION_MISMATCH` unless the wallet of the user who acts has this version. */
  readonly ifVersion?: number
}

export interface Deposit extends MovementNote {
  readonly to: string
  readonly amount: Amount
}

export interface Withdrawal extends MovementNote {
  readonly from: string
  readonly amount: Amount
}

export interface Transfer extends MovementNote {
  readonly from: string
  readonly to: string
  readonly amount: Amount
}

export type Movement =
  | ({ readonly kind: 'deposit' } & Deposit)
  | ({ readonly kind: 'withdraw' } & Withdrawal)
  | ({ readonly kind: 'transfer' } & Transfer)

/** A movement of a list. Its ID was issued to the user who acts: `to` of a deposit, `from` of all else. */
export type ListedMovement = Movement & { readonly transactionID: string }

/** @throws {RangeError} for what is no amount. */
export function toItem(movement: ListedMovement): MovementItem | TransferItem {
  const { kind, transactionID, reference, metadata, ifVersion } = movement
  const rest = {
    amount: toUnits(movement.amount),
    transactionID,
    ...(reference !== undefined && { reference }),
    ...(metadata !== undefined && { metadata }),
    ...(ifVersion !== undefined && { ifVersion }),
  }
  switch (kind) {
    case 'deposit':
      return { userID: movement.to, type: TransactionType.Deposit, ...rest }
    case 'withdraw':
      return { userID: movement.from, type: TransactionType.Withdrawal, ...rest }
    case 'transfer':
      return { userID: movement.from, type: TransactionType.TransferOut, passiveUserID: movement.to, ...rest }
    default:
      return kind satisfies never
  }
}

/** Whose wallet a movement changes first, and who is issued its ID. */
export function actorOf(movement: Movement): string {
  return movement.kind === 'deposit' ? movement.to : movement.from
}

/** Money as it goes over the wire. */
export function toUnits(amount: Amount): number {
  const units = Number(amount)
  if (!Number.isSafeInteger(units) || units < 1)
    throw new RangeError(`not an amount: ${amount}; expected whole base units, 1 to ${Number.MAX_SAFE_INTEGER}`)
  return units
}
