import type { RequestID } from '../../domain/command.ts'
import { type Instant, toInstant } from '../../domain/instant.ts'
import { toAmount, toBalance } from '../../domain/money.ts'
import { type Movement, movementOf } from '../../domain/movement.ts'
import { type Metadata, type Note, type Reference, toNote } from '../../domain/note.ts'
import { REFUSAL_CODES, type Refusal, type RefusalCode, type StoredOutcome } from '../../domain/outcome.ts'
import { type Transaction, type TransactionID, toTransactionType } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Wallet } from '../../domain/wallet.ts'
import { type StateChange, WALLET_STATES, type WalletState } from '../../domain/wallet-state.ts'

/** As they come from the driver: int8 as text, instants as int8 microseconds. Constraints of the schema limit what can be in them. */
export interface WalletRow {
  user_id: string
  balance: string
  version: string
  created_at: string
  updated_at: string
  state: string | null
}

export interface TransactionRow {
  user_id: string
  id: string
  transaction_id: string
  type: number
  amount: string
  passive_user_id: string | null
  balance: string
  created_at: string
  reference: string | null
  metadata: string | null
}

/** Of a page: `place` counts from 1, the newest transaction between the bounds. */
export interface HistoryRow extends TransactionRow {
  place: string
}

/** Of the feed: `wanted` unless the page is narrowed to others. */
export interface FeedRow extends TransactionRow {
  feed_number: string
  epoch: string
  wanted: boolean
}

export type FeedPlaceRow = Pick<FeedRow, 'feed_number' | 'user_id' | 'id' | 'transaction_id' | 'epoch'>

/** What holds the feed back. */
export interface FeedHoldRow {
  oldest: string
  next: string
  prepared: string
}

/** How far the webhook has come. */
export type DeliveryRow = FeedPlaceRow & {
  batch_size: number
  delivered_at: string | null
  behind_ms: string
  failures: number
} & ({ failing_since: string; last_error: string } | { failing_since: null; last_error: null })

/** The first id and the last between two bounds. */
export type EndsRow = { oldest: string; newest: string } | { oldest: null; newest: null }

/** Of a statement: both ends of its period, and one of the totals, if there are any. */
export interface StatementRow {
  opening_version: string
  opening: string
  closing_version: string
  closing: string
  type: number | null
  count: string | null
  amount: string | null
}

export type BalanceRow = Pick<TransactionRow, 'id' | 'balance' | 'created_at'>

export interface StateChangeRow {
  user_id: string
  id: string
  state: string
  reason: string
  changed_by: string | null
  changed_at: string
}

export interface RefusalRow extends Omit<TransactionRow, 'id' | 'balance'> {
  code: string
  request_id: string
}

/** What the rows of a transaction are written with: its number, and their place in the feed. */
export interface WriteMark {
  xid: string
  feed_number: string
}

/** The database's time, the ledger's epoch, and the transaction that is under way. */
export interface ClockRow extends WriteMark {
  now: string
  epoch: string
}

/** An epoch with its key in hexadecimal. */
export interface EpochRow {
  epoch: string
  key: string
}

/** Whose ledger a server has, and up to where. */
export interface PositionRow {
  standby: boolean
  epoch: string
  system: string
  timeline: number
  position: string
}

/** What is known of a transaction ID. */
export type OutcomeRow =
  | (TransactionRow & { code: null; request_id: null })
  | (RefusalRow & { id: null; balance: null })

/** What is known of a transaction ID, or of none of those that were asked for, and when that was so. */
export type KnownRow = ClockRow & (OutcomeRow | { transaction_id: null })

export function readInstant(micros: string): Instant {
  return toInstant(BigInt(micros))
}

export function toWallet(row: WalletRow): Wallet {
  const wallet: Wallet = {
    userID: row.user_id as UserID,
    balance: toBalance(BigInt(row.balance)),
    version: BigInt(row.version),
    createdAt: readInstant(row.created_at),
    updatedAt: readInstant(row.updated_at),
  }
  if (row.state === null) return wallet
  const state = toWalletState(row.state)
  return state === 'open' ? wallet : { ...wallet, state }
}

export function toTransaction(row: TransactionRow): Transaction {
  const transaction: Transaction = {
    id: BigInt(row.id),
    transactionID: row.transaction_id as TransactionID,
    userID: row.user_id as UserID,
    type: toTransactionType(row.type),
    amount: toAmount(BigInt(row.amount)),
    balance: toBalance(BigInt(row.balance)),
    passiveUserID: row.passive_user_id as UserID | null,
    createdAt: readInstant(row.created_at),
  }
  const note = noteOf(row)
  return note === undefined ? transaction : { ...transaction, note }
}

export function toRefusal(row: RefusalRow): Refusal {
  return {
    transactionID: row.transaction_id as TransactionID,
    userID: row.user_id as UserID,
    movement: toMovement(row),
    code: toRefusalCode(row.code),
    requestID: row.request_id as RequestID,
    createdAt: readInstant(row.created_at),
  }
}

export function storedOutcomes(rows: readonly (OutcomeRow | KnownRow)[]): Map<TransactionID, StoredOutcome> {
  const known = new Map<TransactionID, StoredOutcome>()
  for (const row of rows) {
    if (row.transaction_id === null) continue
    const outcome: StoredOutcome =
      row.code === null
        ? { kind: 'executed', transaction: toTransaction(row) }
        : { kind: 'refused', refusal: toRefusal(row) }
    known.set(row.transaction_id as TransactionID, outcome)
  }
  return known
}

/** The constraints of the schema, and all who write there, limit what can be in them. */
function noteOf({ reference, metadata }: Pick<TransactionRow, 'reference' | 'metadata'>): Note | undefined {
  if (reference === null && metadata === null) return undefined
  return toNote((reference ?? undefined) as Reference | undefined, (metadata ?? undefined) as Metadata | undefined)
}

export function toStateChange(row: StateChangeRow): StateChange {
  return {
    userID: row.user_id as UserID,
    id: BigInt(row.id),
    state: toWalletState(row.state),
    reason: row.reason,
    changedBy: row.changed_by as UserID | null,
    changedAt: readInstant(row.changed_at),
  }
}

function toMovement(row: RefusalRow): Movement {
  const note = noteOf(row)
  const movement = movementOf({
    type: toTransactionType(row.type),
    amount: toAmount(BigInt(row.amount)),
    passiveUserID: row.passive_user_id as UserID | null,
    ...(note && { note }),
  })
  if (movement === undefined) throw new RangeError(`not the type of a refusal: ${row.type}`)
  return movement
}

function toWalletState(text: string): WalletState {
  const known = WALLET_STATES.find((state) => state === text)
  if (known === undefined) throw new RangeError(`not a state of a wallet: ${text}`)
  return known
}

function toRefusalCode(text: string): RefusalCode {
  const known = REFUSAL_CODES.find((code) => code === text)
  if (known === undefined) throw new RangeError(`not a refusal code: ${text}`)
  return known
}
