import type { UserID } from '../../domain/user-id.ts'
import type { Wallet } from '../../domain/wallet.ts'
import type { LedgerReads } from '../../ports/inspection.ts'
import { NO_METRICS, type StoreMetrics, type StoreStep } from '../../ports/metrics.ts'
import type { ServerAddress } from '../../ports/server-address.ts'
import { NO_TRACING, type StoreTracing } from '../../ports/tracing.ts'
import { StoreError, type WalletStore } from '../../ports/wallet-store.ts'
import { type BatchProgress, runBatch } from './batch.ts'
import { isBug, isRolledBack } from './failures.ts'
import { readPage } from './history.ts'
import { ledgerReads } from './inspection.ts'
import { type Lane, LaneError, openLane } from './lane.ts'
import { createLanePool, type LanePool } from './lane-pool.ts'
import { readOutcome } from './outcomes.ts'
import { toWallet, type WalletRow } from './rows.ts'
import * as statements from './statements.ts'
import { watchSteps } from './steps.ts'
import { storeForm } from './store-form.ts'
import { prepareInspection, prepareReads, prepareWrites } from './warm-up.ts'

export interface PostgresWalletStoreOptions {
  readonly address: ServerAddress
  /** Connections that write batches: as many as batches are in flight at once. */
  readonly writeLanes: number
  /** Connections for everything else. */
  readonly readLanes: number
  /** The name of the last migration; where the database has not got it, {@link WalletStore.ping} fails. */
  readonly schemaVersion: string
  /** Nobody is told, unless these are given. */
  readonly metrics?: StoreMetrics
  readonly tracing?: StoreTracing
}

/** For those who look at the ledger, opened when somebody does. */
const INSPECTION_LANES = 1

/** The store on PostgreSQL. Connects when it is first used. */
export function createPostgresWalletStore(options: PostgresWalletStoreOptions): WalletStore & LedgerReads {
  const { address, schemaVersion, writeLanes, readLanes, metrics = NO_METRICS, tracing = NO_TRACING } = options
  const step = watchSteps(metrics, tracing)
  const writers = createLanePool(writeLanes, () => openLane(address, prepareWrites))
  const readers = createLanePool(readLanes, () => openLane(address, prepareReads))
  metrics.pool('write', writeLanes, writers.reading)
  metrics.pool('read', readLanes, readers.reading)

  const inspectors = createLanePool(INSPECTION_LANES, () => openLane(address, prepareInspection))
  metrics.pool('inspection', INSPECTION_LANES, inspectors.reading)

  async function use<Result>(
    name: StoreStep,
    work: (lane: Lane) => Promise<Result>,
    lanes: LanePool = readers,
  ): Promise<Result> {
    try {
      return await lanes.use((lane) => step(name, () => work(lane)))
    } catch (error) {
      throw isBug(error) ? error : new StoreError('no', `a read failed: ${reason(error)}`, { cause: error })
    }
  }

  return {
    ...ledgerReads((work) => use('inspect', work, inspectors)),

    async open(userIDs) {
      let sent = false
      try {
        return await readers.use((lane) => {
          sent = true
          return step('open_wallets', () => openWallets(lane, userIDs))
        })
      } catch (error) {
        if (isBug(error)) throw error
        throw new StoreError(sent ? 'unknown' : 'no', `an opening failed: ${reason(error)}`, { cause: error })
      }
    },

    async transact(reads, decide) {
      const progress: BatchProgress = { committing: false }
      try {
        return await writers.use((lane) => runBatch(lane, reads, decide, progress, step))
      } catch (error) {
        if (isBug(error)) throw error
        const written = progress.committing && !isRolledBack(error) ? 'unknown' : 'no'
        throw new StoreError(written, `a batch failed: ${reason(error)}`, { cause: error })
      }
    },

    wallets: (userIDs) =>
      use('read_wallets', async (lane) => {
        const wallets = await readWallets(lane, userIDs)
        return userIDs.map((userID) => wallets.get(userID))
      }),

    outcome: (userID, transactionID) => use('read_status', (lane) => readOutcome(lane, userID, transactionID)),

    history: (query) => use('read_history', (lane) => readPage(lane, query)),

    ping: () =>
      use('ping', async (lane) => {
        // A newer schema is no reason to stop: an instance of the next version may have made it, to take over from us.
        const [[ours]] = await lane.roundTrip((sql) => [statements.readMigration(sql, schemaVersion)])
        if (ours === undefined) throw new LaneError(`the schema is older than ${schemaVersion}`)
      }),

    async close() {
      await Promise.all([writers, readers, inspectors].map((lanes) => lanes.close()))
    },
  }
}

async function openWallets(lane: Lane, userIDs: readonly UserID[]): Promise<{ wallet: Wallet; created: boolean }[]> {
  const [rows] = await lane.roundTrip((sql) => [storeForm(lane).insertWallets(sql, userIDs)])
  // As they were inserted: read a moment later, a new wallet might hold money already.
  const created = toWallets(rows)
  const isNew = new Set(created.keys())
  const existing = await readWallets(
    lane,
    userIDs.filter((userID) => !created.has(userID)),
  )
  return userIDs.map((userID) => {
    const wallet = created.get(userID) ?? existing.get(userID)
    if (wallet === undefined) throw new Error('a wallet that was just opened is not there')
    // Where one batch holds two who ask for the same wallet, the first of them opened it.
    return { wallet, created: isNew.delete(userID) }
  })
}

async function readWallets(lane: Lane, userIDs: readonly UserID[]): Promise<Map<string, Wallet>> {
  if (userIDs.length === 0) return new Map()
  const [rows] = await lane.roundTrip((sql) => [statements.readWallets(sql, userIDs)])
  return toWallets(rows)
}

function toWallets(rows: readonly WalletRow[]): Map<string, Wallet> {
  return new Map(rows.map((row) => [row.user_id, toWallet(row)]))
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
