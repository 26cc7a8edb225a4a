import type { ServerAddress } from '../../../db/address.ts'
import type { Epoch } from '../../domain/epoch.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Wallet } from '../../domain/wallet.ts'
import type { LedgerReads } from '../../ports/inspection.ts'
import { NO_TELEMETRY, type Telemetry } from '../../ports/telemetry.ts'
import { StoreError, type WalletStore } from '../../ports/wallet-store.ts'
import { type BatchProgress, runBatch } from './batch.ts'
import { type Connection, ConnectionError, openConnection } from './connection.ts'
import { dialectOf, readOutcome } from './dialect.ts'
import { readEpochs } from './epoch-statements.ts'
import { isBug, isReadOnly, isRolledBack } from './errors.ts'
import { readFeed, readFeedEnd, readFeedHold } from './feed.ts'
import { readNews, readPage } from './history.ts'
import { ledgerReads } from './inspection.ts'
import { readStatement, readWalletAt } from './past.ts'
import { type ConnectionPool, createConnectionPool } from './pool.ts'
import { prepareInspection, prepareReads, prepareWrites } from './prepare.ts'
import { toWallet, type WalletRow } from './rows.ts'
import { changeState } from './state-change.ts'
import * as statements from './statements.ts'
import { type StoreStep, watchSteps } from './steps.ts'

export interface PostgresWalletStoreOptions {
  readonly address: ServerAddress
  /** Connections that write batches: as many as batches are in flight at once. */
  readonly writeConnections: number
  /** Connections for everything else. */
  readonly readConnections: number
  /** The name of the last migration; if the database has not got it, {@link WalletStore.ping} fails. */
  readonly schemaVersion: string
  readonly telemetry?: Telemetry
}

/** For those who look at the ledger, opened when someone does. */
const INSPECTION_CONNECTIONS = 1

/** The store on PostgreSQL. Connects when it is first used. */
export function createPostgresWalletStore(options: PostgresWalletStoreOptions): WalletStore & LedgerReads {
  const { address, schemaVersion, writeConnections, readConnections, telemetry = NO_TELEMETRY } = options
  const step = watchSteps(telemetry)
  const writers = createConnectionPool(writeConnections, () => openConnection(address, prepareWrites))
  const readers = createConnectionPool(readConnections, () => openConnection(address, prepareReads))
  telemetry.pool('write', writeConnections, writers.reading)
  telemetry.pool('read', readConnections, readers.reading)

  const inspectors = createConnectionPool(INSPECTION_CONNECTIONS, () => openConnection(address, prepareInspection))
  telemetry.pool('inspection', INSPECTION_CONNECTIONS, inspectors.reading)

  const pools = [writers, readers, inspectors]

  /** The server takes no writes: it is the primary no more, and what is read there may be old. */
  function renewAll(): void {
    for (const pool of pools) pool.renew()
  }

  /** What a failure is told as; what the failure says of the server is heeded, whatever was asked of it. */
  function failure(what: string, written: StoreError['written'], error: unknown): unknown {
    if (isBug(error)) return error
    if (isReadOnly(error)) renewAll()
    return new StoreError(written, `${what} failed: ${reason(error)}`, { cause: error })
  }

  async function use<Result>(
    name: StoreStep,
    work: (connection: Connection) => Promise<Result>,
    connections: ConnectionPool = readers,
  ): Promise<Result> {
    try {
      return await connections.use((connection) => step(name, () => work(connection)))
    } catch (error) {
      throw failure('a read', 'no', error)
    }
  }

  async function write<Result>(
    what: string,
    work: (connection: Connection, progress: BatchProgress) => Promise<Result>,
    connections: ConnectionPool = writers,
  ): Promise<Result> {
    const progress: BatchProgress = { committing: false }
    try {
      return await connections.use((connection) => work(connection, progress))
    } catch (error) {
      throw failure(what, progress.committing && !isRolledBack(error) ? 'unknown' : 'no', error)
    }
  }

  return {
    ...ledgerReads((work) => use('inspect', work, inspectors)),

    async open(userIDs) {
      let sent = false
      try {
        return await readers.use((connection) => {
          sent = true
          return step('open', () => openWallets(connection, userIDs))
        })
      } catch (error) {
        throw failure('an opening', sent ? 'unknown' : 'no', error)
      }
    },

    transact: (units, decide) =>
      write('a batch', (connection, progress) => runBatch(connection, units, decide, progress, step)),

    changeState: (request) =>
      write(
        'a change of state',
        (connection, progress) => step('change_state', () => changeState(connection, request, progress)),
        readers,
      ),

    wallets: (userIDs) =>
      use('read_wallet', async (connection) => {
        const wallets = await readWallets(connection, userIDs)
        return userIDs.map((userID) => wallets.get(userID))
      }),

    outcome: (userID, transactionID) =>
      use('read_status', (connection) => readOutcome(connection, userID, transactionID)),

    epochs: () =>
      use('read_epochs', async (connection) => {
        const [rows] = await connection.roundTrip((sql) => [readEpochs(sql)])
        return rows.map(({ epoch, key }) => ({ epoch: epoch as Epoch, key: Buffer.from(key, 'hex') }))
      }),

    history: (query) => use('read_history', async (connection) => (await readPage(connection, query))?.page),

    news: (positions) => use('read_news', (connection) => readNews(connection, positions)),

    walletAt: (moment) => use('read_wallet_at', (connection) => readWalletAt(connection, moment)),

    statement: (period) => use('read_statement', (connection) => readStatement(connection, period)),

    feed: (query) => use('read_feed', (connection) => readFeed(connection, query)),
    feedEnd: () => use('read_feed', readFeedEnd),
    feedHold: () => use('read_feed', readFeedHold),

    ping: () =>
      use('ping', async (connection) => {
        // A newer schema is no reason to stop: an instance of the next version may have made it, to take over from us.
        const [[ours]] = await connection.roundTrip((sql) => [statements.readMigration(sql, schemaVersion)])
        if (ours === undefined) throw new ConnectionError(`the schema is older than ${schemaVersion}`)
        if (ours.read_only) {
          renewAll()
          throw new ConnectionError('the server takes no writes')
        }
      }),

    async close() {
      await Promise.all(pools.map((connections) => connections.close()))
    },
  }
}

async function openWallets(
  connection: Connection,
  userIDs: readonly UserID[],
): Promise<{ wallet: Wallet; created: boolean }[]> {
  const [rows] = await connection.roundTrip((sql) => [dialectOf(connection).insertWallets(sql, userIDs)])
  // As they were inserted: read a moment later, a new wallet might hold money already.
  const created = toWallets(rows)
  const isNew = new Set(created.keys())
  const existing = await readWallets(
    connection,
    userIDs.filter((userID) => !created.has(userID)),
  )
  return userIDs.map((userID) => {
    const wallet = created.get(userID) ?? existing.get(userID)
    if (wallet === undefined) throw new Error('a wallet that was just opened is not there')
    // If one batch holds two who ask for the same wallet, the first of them opened it.
    return { wallet, created: isNew.delete(userID) }
  })
}

async function readWallets(connection: Connection, userIDs: readonly UserID[]): Promise<Map<string, Wallet>> {
  if (userIDs.length === 0) return new Map()
  const [rows] = await connection.roundTrip((sql) => [statements.readWallets(sql, userIDs)])
  return toWallets(rows)
}

function toWallets(rows: readonly WalletRow[]): Map<string, Wallet> {
  return new Map(rows.map((row) => [row.user_id, toWallet(row)]))
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
