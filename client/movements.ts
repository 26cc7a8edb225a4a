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

const NOTE_FIELDS = ['reference', 'metadata', 'ifVersion'] satisfies (keyof MovementNote)[]
const FIELDS: Readonly<Record<Movement['kind'], readonly string[]>> = {
  deposit: ['to', 'amount', ...NOTE_FIELDS],
  withdraw: ['from', 'amount', ...NOTE_FIELDS],
  transfer: ['from', 'to', 'amount', ...NOTE_FIELDS],
}
const OPTIONS: readonly string[] = ['transactionID', 'onTransactionID', 'signal', 'deadlineMs']

/**
 * What is not known must not be left out in silence: if it was the ID of a payment, misspelt or in the wrong place, the payment would be
 * made once more, under another one.
 *
 * @throws {TypeError}
 */
export function checkFields(kind: Movement['kind'], movement: object, options: object = {}): void {
  const field = Object.keys(movement).find((name) => !FIELDS[kind].includes(name))
  if (field !== undefined)
    throw new TypeError(
      `${field} is no field of a ${kind}, which has ${FIELDS[kind].join(', ')}; options, such as transactionID, are the second argument`,
    )
  const option = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (option !== undefined) throw new TypeError(`${option} is no option; there are ${OPTIONS.join(', ')}`)
}

/** @throws {RangeError} for what is no amount; {TypeError} for a field that is not known. */
export function toItem(movement: ListedMovement): MovementItem | TransferItem {
  const { kind: given, transactionID: _, ...fields } = movement
  checkFields(given, fields)
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
