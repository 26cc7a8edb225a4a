import type { Epoch } from './epoch.ts'
import type { Instant } from './instant.ts'
import type { Movement } from './movement.ts'
import type { TransactionID } from './transaction.ts'
import type { UserID } from './user-id.ts'

declare const requestID: unique symbol

/** Names one request in logs and problems. */
export type RequestID = string & { readonly [requestID]: true }

/** A write to decide: who wants what, under which ID. */
export interface Command {
  /** The wallet that acts: its owner asked, and the transaction ID was issued to them. */
  readonly userID: UserID
  readonly transactionID: TransactionID
  /** From when on the ID, still unused, is refused. */
  readonly expiresAt: Instant
  /** In which the ID was issued; still unused in a later one, it is refused. */
  readonly epoch: Epoch
  /** Kept with a refusal, so that its replay is the same byte for byte. */
  readonly requestID: RequestID
  readonly movement: Movement
  /** The version that the acting wallet must have; absent: any. No part of what the ID is bound to. */
  readonly ifVersion?: bigint
}

/** Commands of which all are executed, or none. */
export interface AtomicList {
  readonly commands: readonly Command[]
  /** One that belongs to it cannot be executed, and is not among the commands: none of them may be. */
  readonly impossible: boolean
}

/** What is decided as a whole. */
export type Unit = Command | AtomicList

export function isList(unit: Unit): unit is AtomicList {
  return 'commands' in unit
}

/** The commands of units, in their order. */
export function commandsOf(units: readonly Unit[]): readonly Command[] {
  return units.flatMap((unit) => (isList(unit) ? unit.commands : unit))
}

/** The wallets that a command may change, the acting one first. */
export function walletsOf(command: Command): readonly UserID[] {
  const { userID, movement } = command
  return movement.kind === 'transfer' ? [userID, movement.passiveUserID] : [userID]
}
