import type { HistoryQuery } from '../../src/domain/history.ts'
import type { Instant } from '../../src/domain/instant.ts'
import type { Movement } from '../../src/domain/movement.ts'
import type { TransactionID } from '../../src/domain/transaction.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import type { WalletState } from '../../src/domain/wallet-state.ts'
import type { Body } from '../support/http/http.ts'
import type { Operation } from './linearizability.ts'

/** What a client asks of the service. */
export type Call =
  | { readonly kind: 'open' | 'wallet'; readonly userID: UserID }
  | Move
  | AtomicCall
  | { readonly kind: 'state'; readonly userID: UserID; readonly state: WalletState }
  | { readonly kind: 'status'; readonly userID: UserID; readonly id: IssuedID }
  | { readonly kind: 'history'; readonly query: HistoryQuery }

export interface Move {
  readonly kind: 'move'
  readonly userID: UserID
  readonly id: IssuedID
  readonly movement: Movement
  readonly ifVersion?: bigint
  /** Where it stood, if it came in a list that is not atomic: the model takes each item of one for a call of its own. */
  readonly inList?: { readonly list: number; readonly place: number }
}

/** An atomic list: one call, which takes effect at one moment. */
export interface AtomicCall {
  readonly kind: 'atomic'
  readonly moves: readonly Move[]
}

export interface IssuedID {
  readonly transactionID: TransactionID
  readonly expiresAt: Instant
  /** Expired before the history began; the others do not expire before it ends. */
  readonly expired: boolean
}

/** As it came over HTTP. */
export interface WireAnswer {
  readonly status: number
  readonly replayed: boolean
  readonly body: Body
}

export type WalletOperation = Operation<Call, WireAnswer>

/** The movements of a call: one, those of a list, or none. */
export function movesOf(call: Call): readonly Move[] {
  if (call.kind === 'atomic') return call.moves
  return call.kind === 'move' ? [call] : []
}

/** The answer to each movement of a call, as if each had been asked for alone. */
export function moveAnswers(call: Call, answer: WireAnswer): readonly (readonly [Move, WireAnswer])[] {
  if (call.kind === 'move') return [[call, answer]]
  const results = resultsOf(answer)
  return movesOf(call).flatMap((move, index) => {
    const result = results[index]
    return result === undefined ? [] : [[move, result] as const]
  })
}

/** The results of a list, each as the item alone would have been answered; none if the list has none. */
export function resultsOf({ body: { results } }: WireAnswer): readonly WireAnswer[] {
  if (!Array.isArray(results)) return []
  return results.map((result) => {
    const { status, replayed, transaction, problem } = asObject(result)
    return { status: Number(status), replayed: replayed === true, body: asObject(transaction ?? problem) }
  })
}

export function asObject(value: unknown): Body {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/**
 * Whether one item took effect before another, since they share a wallet and stood in this order in one list. It is asked
 * of items that were answered only: the service may have tried one without an answer more than once, in another order.
 */
export function precedes(a: Call, b: Call): boolean {
  if (a.kind !== 'move' || b.kind !== 'move' || a.inList === undefined || b.inList === undefined) return false
  if (a.inList.list !== b.inList.list || a.inList.place >= b.inList.place) return false
  const wallets = walletsOf(b)
  return walletsOf(a).some((userID) => wallets.includes(userID))
}

function walletsOf({ userID, movement: { passiveUserID } }: Move): readonly UserID[] {
  return passiveUserID === null ? [userID] : [userID, passiveUserID]
}
