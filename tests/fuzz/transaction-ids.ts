import { createSignedTransactionIDs } from '../../src/adapters/signed-transaction-ids/transaction-ids.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import { KEY_BYTES } from '../../src/ports/transaction-ids.ts'

const KEY = Buffer.alloc(KEY_BYTES, 'fuzz')
/** For the service's environment: it then takes the IDs that are made here for its own. */
export const KEY_VARIABLE = { TRANSACTION_ID_KEY: KEY.toString('base64') }

const DAY_MS = 86_400_000

export type Standing = 'live' | 'expired' | 'unknown'

/** Issues transaction IDs as the service does, and remembers to whom. */
export interface IssuedIDs {
  fresh(userID: string): string
  /** One that was issued two days ago. */
  expired(userID: string): string
  /** The last but `back` that is live and was issued to this user. */
  earlier(userID: string, back: number): string
  standing(transactionID: string, userID: string): Standing
}

export function createIssuedIDs(): IssuedIDs {
  const ids = createSignedTransactionIDs([KEY])
  const issued = new Map<string, { userID: string; standing: Standing }>()
  const liveOf = new Map<string, string[]>()

  function issue(userID: string, standing: Standing, ageMs: number): string {
    const id = ids.issue(toUserID(userID), fromMilliseconds(Date.now() - ageMs))
    issued.set(id, { userID, standing })
    return id
  }

  const all: IssuedIDs = {
    fresh(userID) {
      const id = issue(userID, 'live', 0)
      liveOf.set(userID, [...(liveOf.get(userID) ?? []).slice(-8), id])
      return id
    },
    expired: (userID) => issue(userID, 'expired', 2 * DAY_MS),
    earlier: (userID, back) => liveOf.get(userID)?.at(-back) ?? all.fresh(userID),
    standing(transactionID, userID) {
      const known = issued.get(transactionID)
      return known?.userID === userID ? known.standing : 'unknown'
    },
  }
  return all
}
