import { toAmount } from '../../../domain/money.ts'
import { type Movement, movementOf } from '../../../domain/movement.ts'
import { type Note, type Reference, toMetadata, toNote } from '../../../domain/note.ts'
import type { TransactionType } from '../../../domain/transaction.ts'
import type { UserID } from '../../../domain/user-id.ts'

/** What a client says of a movement, alone or in a list; the schema has checked it. */
export interface SentMovement {
  readonly amount: number
  readonly passiveUserID?: UserID
  readonly reference?: Reference
  readonly metadata?: Readonly<Record<string, string>>
}

/** @param type of the acting wallet's transaction, which is never a TransferIn. */
export function toMovement(type: TransactionType, sent: SentMovement): Movement {
  const { amount, passiveUserID = null } = sent
  const movement = movementOf({ type, amount: toAmount(BigInt(amount)), passiveUserID, ...noted(sent) })
  if (movement === undefined) throw new RangeError(`not the type of a movement: ${type}`)
  return movement
}

function noted({ reference, metadata }: SentMovement): { readonly note: Note } | undefined {
  if (reference === undefined && metadata === undefined) return undefined
  const note = toNote(reference, metadata && toMetadata(metadata))
  return note && { note }
}
