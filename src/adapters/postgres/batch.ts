import { type Command, commandsOf, type Unit, walletsOf } from '../../domain/command.ts'
import type { Writes } from '../../domain/decide.ts'
import type { Epoch } from '../../domain/epoch.ts'
import type { Outcome, Refusal } from '../../domain/outcome.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Wallet } from '../../domain/wallet.ts'
import type { Decide } from '../../ports/wallet-store.ts'
import { type Connection, ConnectionError } from './connection.ts'
import { dialectOf } from './dialect.ts'
import { readInstant, toWallet } from './rows.ts'
import * as statements from './statements.ts'
import type { RunStep } from './steps.ts'

/** Where a batch was when it failed. */
export interface BatchProgress {
  /** Once true, a failure may have come after the commit. */
  committing: boolean
}

/** Lock, decide, write, commit: two round trips (one or two more if something was refused), whatever the size of the batch. */
export async function runBatch(
  connection: Connection,
  units: readonly Unit[],
  decide: Decide,
  progress: BatchProgress,
  step: RunStep,
): Promise<readonly Outcome[]> {
  const dialect = dialectOf(connection)
  const commands = commandsOf(units)
  const {
    clock,
    locked,
    outcomes: earlier,
  } = await step('lock', () => dialect.lock(connection, walletsOfAll(commands), commands))
  const { now, xid, epoch } = clock
  const wallets = new Map<string, Wallet>(locked.map((row) => [row.user_id, toWallet(row)]))

  const { outcomes, writes } = decide(
    units,
    {
      wallet: (userID) => wallets.get(userID),
      outcome: (transactionID) => earlier.get(transactionID),
      epoch: epoch as Epoch,
    },
    readInstant(now),
  )
  // Refusals are rare: the statements for them go only if there are some.
  if (writes.refusals.length > 0) await step('refuse', () => refuse(connection, xid, writes.refusals))

  // So are notes.
  const notes = notesOf(writes)

  progress.committing = true
  const [inserted, updated, ...rest] = await step('commit', () =>
    connection.roundTrip((sql) => [
      statements.insertTransactions(sql, clock, writes.transactions),
      dialect.updateWallets(sql, xid, writes.wallets),
      ...(notes.length > 0 ? [statements.insertNotes(sql, xid, notes)] : []),
      statements.commit(sql),
    ]),
  )
  const [noted, committed] = rest.length > 1 ? rest : [{ count: 0 }, rest[0]]
  // COMMIT of a transaction that failed resolves like any other; only its tag tells. And a write that found itself
  // outside the transaction that holds the locks wrote nothing.
  const whole =
    committed?.command === 'COMMIT' &&
    inserted.count === writes.transactions.length &&
    updated.count === writes.wallets.length &&
    noted?.count === notes.length
  if (!whole) throw new ConnectionError('the batch was not committed whole')
  return outcomes
}

async function refuse(connection: Connection, xid: string, refusals: readonly Refusal[]): Promise<void> {
  const absent = refusals.flatMap(({ code, movement }) =>
    code === 'PASSIVE_WALLET_NOT_FOUND' && movement.passiveUserID !== null ? [movement.passiveUserID] : [],
  )
  if (absent.length > 0) {
    const [, opened] = await connection.roundTrip((sql) => [
      statements.lockAbsence(sql, absent),
      statements.readWallets(sql, absent),
    ])
    if (opened.length > 0) throw new ConnectionError('a wallet was opened while a transfer to it was refused')
  }
  const [inserted] = await connection.roundTrip((sql) => [statements.insertRefusals(sql, xid, refusals)])
  if (inserted.count !== refusals.length) throw new ConnectionError('refusals are missing')
}

function notesOf({ transactions, refusals }: Writes): readonly statements.NewNote[] {
  const notes: statements.NewNote[] = []
  for (const { userID, transactionID, id, note } of transactions)
    if (note !== undefined) notes.push({ userID, transactionID, id, note })
  for (const { userID, transactionID, movement } of refusals)
    if (movement.note !== undefined) notes.push({ userID, transactionID, id: undefined, note: movement.note })
  return notes
}

function walletsOfAll(commands: readonly Command[]): ReadonlySet<UserID> {
  const wallets = new Set<UserID>()
  for (const command of commands) for (const userID of walletsOf(command)) wallets.add(userID)
  return wallets
}
