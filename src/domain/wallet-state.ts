import type { Instant } from './instant.ts'
import { EMPTY } from './money.ts'
import type { UserID } from './user-id.ts'
import type { Wallet } from './wallet.ts'

/** `frozen`: money comes in, and none goes out. `closed`: neither, and there is none in it. */
export const WALLET_STATES = ['open', 'frozen', 'closed'] as const
export type WalletState = (typeof WALLET_STATES)[number]

/** What someone wants a wallet to be. */
export interface StateRequest {
  readonly userID: UserID
  readonly state: WalletState
  /** Why, for those who read it later: 1 to {@link MAX_REASON} characters. */
  readonly reason: string
  /** The administrator who asked; `null` if no one is told apart. */
  readonly changedBy: UserID | null
}

/** One line of what was done to a wallet; never changed once written. */
export interface StateChange extends StateRequest {
  /** Counts the changes of the wallet: 1, 2, 3, … */
  readonly id: bigint
  readonly changedAt: Instant
}

export const MAX_REASON = 200

export type StateDecision =
  | { readonly kind: 'changed'; readonly wallet: Wallet }
  /** It was so before: nothing is kept. */
  | { readonly kind: 'unchanged'; readonly wallet: Wallet }
  | { readonly kind: 'rejected'; readonly code: 'WALLET_NOT_FOUND' | 'WALLET_NOT_EMPTY' }

export function stateOf({ state }: Wallet): WalletState {
  return state ?? 'open'
}

/** @param wallet as it is under its lock. */
export function decideState(wallet: Wallet | undefined, wanted: WalletState): StateDecision {
  if (wallet === undefined) return { kind: 'rejected', code: 'WALLET_NOT_FOUND' }
  if (stateOf(wallet) === wanted) return { kind: 'unchanged', wallet }
  if (wanted === 'closed' && wallet.balance !== EMPTY) return { kind: 'rejected', code: 'WALLET_NOT_EMPTY' }
  const { state: _before, ...rest } = wallet
  return { kind: 'changed', wallet: wanted === 'open' ? rest : { ...rest, state: wanted } }
}
