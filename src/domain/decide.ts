import { type AtomicList, type Command, isList, type Unit } from './command.ts'
import type { Epoch } from './epoch.ts'
import { after, type Instant, latest } from './instant.ts'
import { type Balance, minus, plus } from './money.ts'
import { movementOf, sameMovement } from './movement.ts'
import { forRecipient, type Note } from './note.ts'
import type { Outcome, Refusal, RefusalCode, RejectionCode, StoredOutcome } from './outcome.ts'
import { type Transaction, type TransactionID, TransactionType } from './transaction.ts'
import type { UserID } from './user-id.ts'
import type { Wallet } from './wallet.ts'

/** What a command is decided on, read under the wallets' locks. */
export interface State {
  wallet(userID: UserID): Wallet | undefined
  outcome(transactionID: TransactionID): StoredOutcome | undefined
  /** The one that the ledger is in. */
  readonly epoch: Epoch
}

/** What is to be kept of a decision; a wallet is its new state, the rest is new. */
export interface Writes {
  readonly wallets: readonly Wallet[]
  readonly transactions: readonly Transaction[]
  readonly refusals: readonly Refusal[]
}

export interface Decision {
  readonly outcome: Outcome
  readonly writes: Writes
}

/** An outcome for each command of the units, in their order, and everything to be kept of all of them. */
export interface BatchDecision {
  readonly outcomes: readonly Outcome[]
  readonly writes: Writes
}

const NOTHING: Writes = { wallets: [], transactions: [], refusals: [] }

/**
 * Decides one command. The order of the checks is the contract's order of precedence.
 *
 * @param now the database's clock, read under the locks; a transaction is later if its wallets' last ones were.
 */
export function decide(command: Command, state: State, now: Instant): Decision {
  const stored = state.outcome(command.transactionID)
  if (stored !== undefined) return { outcome: replay(command, stored), writes: NOTHING }
  // Before expiry, which says that nothing was ever executed.
  if (command.epoch !== state.epoch) return refuse(command, 'TRANSACTION_ID_RETIRED', now)
  if (now >= command.expiresAt) return refuse(command, 'TRANSACTION_ID_EXPIRED', now)
  const wallet = state.wallet(command.userID)
  if (wallet === undefined) return { outcome: reject('WALLET_NOT_FOUND'), writes: NOTHING }

  const { movement } = command
  const passive = movement.kind === 'transfer' ? state.wallet(movement.passiveUserID) : undefined
  if (wallet.state === 'closed') return refuse(command, 'WALLET_CLOSED', now)
  if (wallet.state === 'frozen' && movement.kind !== 'deposit') return refuse(command, 'WALLET_FROZEN', now)
  if (passive?.state === 'closed') return refuse(command, 'PASSIVE_WALLET_CLOSED', now)
  if (command.ifVersion !== undefined && command.ifVersion !== wallet.version)
    return refuse(command, 'VERSION_MISMATCH', now)
  switch (movement.kind) {
    case 'deposit':
      return move(
        command,
        wallet,
        TransactionType.Deposit,
        plus(wallet.balance, movement.amount),
        'BALANCE_LIMIT_EXCEEDED',
        now,
      )
    case 'withdraw':
      return move(
        command,
        wallet,
        TransactionType.Withdrawal,
        minus(wallet.balance, movement.amount),
        'INSUFFICIENT_BALANCE',
        now,
      )
    case 'transfer':
      return transfer(command, wallet, passive, now)
    default:
      return movement satisfies never
  }
}

/** Folds {@link decide} over units: a later one sees what the earlier ones did, as if each had run alone. */
export function decideBatch(units: readonly Unit[], state: State, now: Instant): BatchDecision {
  const wallets = new Map<UserID, Wallet>()
  const decided = new Map<TransactionID, StoredOutcome>()
  const outcomes: Outcome[] = []
  const transactions: Transaction[] = []
  const refusals: Refusal[] = []
  const current: State = {
    wallet: (userID) => wallets.get(userID) ?? state.wallet(userID),
    outcome: (transactionID) => decided.get(transactionID) ?? state.outcome(transactionID),
    epoch: state.epoch,
  }

  function settle(command: Command, outcome: Outcome): void {
    outcomes.push(outcome)
    if (outcome.kind !== 'rejected') decided.set(command.transactionID, outcome)
  }

  function keep(writes: Writes): void {
    for (const wallet of writes.wallets) wallets.set(wallet.userID, wallet)
    for (const transaction of writes.transactions) transactions.push(transaction)
    for (const refusal of writes.refusals) refusals.push(refusal)
  }

  for (const unit of units) {
    if (isList(unit)) {
      const list = decideList(unit, current, now)
      for (const [index, command] of unit.commands.entries()) settle(command, list.outcomes[index] as Outcome)
      keep(list.writes)
    } else {
      const { outcome, writes } = decide(unit, current, now)
      settle(unit, outcome)
      keep(writes)
    }
  }
  return { outcomes, writes: { wallets: [...wallets.values()], transactions, refusals } }
}

/**
 * Decides commands of which all are executed, or none that is new. The first that cannot be executed keeps its refusal; the
 * others stay as they were. One whose refusal is known already keeps the list from being decided at all, so that the list
 * has the same outcomes whenever it is repeated.
 */
function decideList({ commands, impossible }: AtomicList, state: State, now: Instant): BatchDecision {
  const known = commands.map((command) => knownOutcome(command, state.outcome(command.transactionID)))
  const hopeless = impossible || known.some((outcome) => outcome !== undefined && outcome.kind !== 'executed')
  if (hopeless) return { outcomes: known.map(orNotExecuted), writes: NOTHING }

  const whole = decideBatch(commands, state, now)
  const first = whole.outcomes.findIndex(({ kind }) => kind !== 'executed')
  const reason = whole.outcomes[first]
  if (reason === undefined) return whole
  const outcomes = commands.map((command, index) => {
    if (index === first) return reason
    const sameID = reason.kind === 'refused' && command.transactionID === commands[first]?.transactionID
    return orNotExecuted(sameID ? replay(command, reason) : known[index])
  })
  return { outcomes, writes: reason.kind === 'refused' ? { ...NOTHING, refusals: [reason.refusal] } : NOTHING }
}

function knownOutcome(command: Command, stored: StoredOutcome | undefined): Outcome | undefined {
  return stored && replay(command, stored)
}

function orNotExecuted(outcome: Outcome | undefined): Outcome {
  return outcome ?? reject('NOT_EXECUTED')
}

function replay(command: Command, stored: StoredOutcome): Outcome {
  const first = stored.kind === 'executed' ? movementOf(stored.transaction) : stored.refusal.movement
  return first !== undefined && sameMovement(first, command.movement)
    ? { ...stored, replayed: true }
    : reject('TRANSACTION_ID_REUSED')
}

/** A deposit or a withdrawal; `balance` is the one after it, `undefined` if the wallet does not allow it. */
function move(
  command: Command,
  wallet: Wallet,
  type: typeof TransactionType.Deposit | typeof TransactionType.Withdrawal,
  balance: Balance | undefined,
  impossible: RefusalCode,
  now: Instant,
): Decision {
  if (balance === undefined) return refuse(command, impossible, now)
  const half = advance(
    command,
    wallet,
    type,
    balance,
    null,
    latest(now, after(wallet.updatedAt, 1n)),
    command.movement.note,
  )
  return executed(half.transaction, { ...NOTHING, wallets: [half.wallet], transactions: [half.transaction] })
}

/** Both halves carry one transaction ID and one instant. */
function transfer(command: Command, active: Wallet, passive: Wallet | undefined, now: Instant): Decision {
  const { amount, note } = command.movement
  if (passive === undefined) return refuse(command, 'PASSIVE_WALLET_NOT_FOUND', now)
  if (passive.userID === active.userID)
    throw new Error('a transfer to oneself must be turned away before it is decided')
  const activeBalance = minus(active.balance, amount)
  if (activeBalance === undefined) return refuse(command, 'INSUFFICIENT_BALANCE', now)
  const passiveBalance = plus(passive.balance, amount)
  if (passiveBalance === undefined) return refuse(command, 'BALANCE_LIMIT_EXCEEDED', now)

  const at = latest(now, after(latest(active.updatedAt, passive.updatedAt), 1n))
  const out = advance(command, active, TransactionType.TransferOut, activeBalance, passive.userID, at, note)
  const into = advance(
    command,
    passive,
    TransactionType.TransferIn,
    passiveBalance,
    active.userID,
    at,
    forRecipient(note),
  )
  return executed(out.transaction, {
    ...NOTHING,
    wallets: [out.wallet, into.wallet],
    transactions: [out.transaction, into.transaction],
  })
}

function advance(
  command: Command,
  wallet: Wallet,
  type: TransactionType,
  balance: Balance,
  passiveUserID: UserID | null,
  at: Instant,
  note: Note | undefined,
): { wallet: Wallet; transaction: Transaction } {
  const { userID, state } = wallet
  const { transactionID } = command
  const id = wallet.version + 1n
  const moved: Wallet = { userID, balance, version: id, createdAt: wallet.createdAt, updatedAt: at }
  const transaction: Transaction = {
    id,
    transactionID,
    userID,
    type,
    amount: command.movement.amount,
    balance,
    passiveUserID,
    createdAt: at,
  }
  return {
    wallet: state === undefined ? moved : { ...moved, state },
    transaction: note === undefined ? transaction : { ...transaction, note },
  }
}

function executed(transaction: Transaction, writes: Writes): Decision {
  return { outcome: { kind: 'executed', transaction, replayed: false }, writes }
}

function refuse(command: Command, code: RefusalCode, now: Instant): Decision {
  const { transactionID, userID, movement, requestID } = command
  const refusal: Refusal = { transactionID, userID, movement, code, requestID, createdAt: now }
  return { outcome: { kind: 'refused', refusal, replayed: false }, writes: { ...NOTHING, refusals: [refusal] } }
}

function reject(code: RejectionCode): Outcome {
  return { kind: 'rejected', code }
}
