import type { Epoch } from '../../domain/epoch.ts'
import type { StoredOutcome } from '../../domain/outcome.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { KnownOutcome } from '../../ports/wallet-store.ts'
import * as citus from './citus-statements.ts'
import { type Connection, ConnectionError } from './connection.ts'
import { type ClockRow, type KnownRow, type OutcomeRow, readInstant, storedOutcomes, type WalletRow } from './rows.ts'
import * as statements from './statements.ts'

/** What a batch is decided on, once its locks are held. */
export interface LockedBatch {
  readonly clock: ClockRow
  readonly locked: readonly WalletRow[]
  readonly outcomes: ReadonlyMap<TransactionID, StoredOutcome>
}

interface Read {
  readonly clock: Pick<ClockRow, 'now' | 'epoch'> | undefined
  readonly outcomes: readonly (OutcomeRow | KnownRow)[]
}

/** What is done differently in one database and on the workers of a Citus; all else is the same on both. */
export interface Dialect {
  /** Begins a transaction, locks the wallets, then reads what is known: one round trip. */
  lock(connection: Connection, wallets: Iterable<UserID>, ids: readonly statements.IDOfUser[]): Promise<LockedBatch>
  /** Runs each statement that {@link Dialect.lock} sends after BEGIN, on nothing. */
  prepareLock(connection: Connection): Promise<void>
  /** The outcomes of transaction IDs, the database's time, and the ledger's epoch. */
  readOutcomes(connection: Connection, ids: readonly statements.IDOfUser[]): Promise<Read>
  /** Runs each statement that {@link Dialect.readOutcomes} sends, on nothing. */
  prepareOutcomes(connection: Connection): Promise<void>
  /** Waits until no batch holds the wallet: one round trip. It is rolled back, since a commit would wait for the disk. */
  waitForWriters(connection: Connection, userID: UserID): Promise<void>
  readonly updateWallets: typeof statements.updateWallets
  readonly insertWallets: typeof statements.insertWallets
}

/** The clock comes with every row of the outcomes, which saves a batch a statement. */
const PLAIN: Dialect = {
  async lock(connection, wallets, ids) {
    const [begun, locked, known] = await connection.roundTrip((sql) => [
      statements.begin(sql),
      statements.lockWallets(sql, wallets),
      statements.readKnown(sql, ids),
    ])
    return { clock: clockOf(begun.command, known), locked, outcomes: storedOutcomes(known) }
  },
  async prepareLock(connection) {
    await connection.roundTrip((sql) => [statements.lockWallets(sql, [])])
    await connection.roundTrip((sql) => [statements.readKnown(sql, [])])
  },
  async readOutcomes(connection, ids) {
    const [known] = await connection.roundTrip((sql) => [statements.readOutcomes(sql, ids)])
    return { clock: known[0], outcomes: known }
  },
  async prepareOutcomes(connection) {
    await connection.roundTrip((sql) => [statements.readOutcomes(sql, [])])
  },
  async waitForWriters(connection, userID) {
    await connection.roundTrip((sql) => [
      statements.begin(sql),
      statements.lockShared(sql, userID),
      statements.rollback(sql),
    ])
  },
  updateWallets: statements.updateWallets,
  insertWallets: statements.insertWallets,
}

const CITUS: Dialect = {
  async lock(connection, wallets, ids) {
    const [begun, , , locked, clocks, known] = await connection.roundTrip((sql) => [
      statements.begin(sql),
      citus.boundLocks(sql),
      citus.boundRest(sql),
      citus.lockWallets(sql, wallets),
      citus.readClock(sql),
      citus.readOutcomes(sql, ids),
    ])
    return { clock: clockOf(begun.command, clocks), locked, outcomes: storedOutcomes(known) }
  },
  async prepareLock(connection) {
    await connection.roundTrip((sql) => [citus.boundLocks(sql)])
    await connection.roundTrip((sql) => [citus.boundRest(sql)])
    await connection.roundTrip((sql) => [citus.lockWallets(sql, [])])
    await connection.roundTrip((sql) => [citus.readClock(sql)])
    await connection.roundTrip((sql) => [citus.readOutcomes(sql, [])])
  },
  async readOutcomes(connection, ids) {
    const [clocks, outcomes] = await connection.roundTrip((sql) => [
      statements.readTime(sql),
      citus.readOutcomes(sql, ids),
    ])
    return { clock: clocks[0], outcomes }
  },
  async prepareOutcomes(connection) {
    await connection.roundTrip((sql) => [citus.readOutcomes(sql, [])])
  },
  async waitForWriters(connection, userID) {
    await connection.roundTrip((sql) => [
      statements.begin(sql),
      citus.boundLocks(sql),
      citus.boundRest(sql),
      statements.lockShared(sql, userID),
      statements.rollback(sql),
    ])
  },
  updateWallets: citus.updateWallets,
  insertWallets: citus.insertWallets,
}

export function dialectOf(connection: Connection): Dialect {
  return connection.isDistributed() ? CITUS : PLAIN
}

/** The outcome of a transaction ID, the database's time, and the ledger's epoch. */
export async function readOutcome(
  connection: Connection,
  userID: UserID,
  transactionID: TransactionID,
): Promise<KnownOutcome> {
  const { clock, outcomes } = await dialectOf(connection).readOutcomes(connection, [{ userID, transactionID }])
  if (clock === undefined) throw new ConnectionError('no answer')
  const stored = storedOutcomes(outcomes).get(transactionID)
  return { stored, now: readInstant(clock.now), epoch: clock.epoch as Epoch }
}

function clockOf(tag: string, [clock]: readonly ClockRow[]): ClockRow {
  if (tag !== 'BEGIN' || clock === undefined) throw new ConnectionError('no transaction was begun')
  return clock
}
