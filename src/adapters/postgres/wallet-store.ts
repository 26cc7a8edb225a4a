import type { UserID } from '../../domain/user-id.ts'
import type { Wallet } from '../../domain/wallet.ts'
import { NO_METRICS, type StoreMetrics, type StoreStep } from '../../ports/metrics.ts'
import type { ServerAddress } from '../../ports/server-address.ts'
import { NO_TRACING, type StoreTracing } from '../../ports/tracing.ts'
import { StoreError, type WalletStore } from '../../ports/wallet-store.ts'
import { type BatchProgress, runBatch } from './batch.ts'
import { isBug, isRolledBack } from './failures.ts'
import { readPage } from './history.ts'
import { type Lane, LaneError, openLane } from './lane.ts'
import { createLanePool } from './lane-pool.ts'
import { readOutcome } from './outcomes.ts'
import { toWallet, type WalletRow } from './rows.ts'
import * as statements from './statements.ts'
import { watchSteps } from './steps.ts'
import { storeForm } from './store-form.ts'
import { prepareReads, prepareWrites } from './warm-up.ts'

export interface PostgresWalletStoreOptions {
  readonly address: ServerAddress
  /** Connections that write batches: as many as batches are in flight at once. */
  readonly writeLanes: number
  /** Connections for everything else. */
  readonly readLanes: number
  /** The name of the last migration; with any other in the database, {@link WalletStore.ping} fails. */
  readonly schemaVersion: string
  /** Nobody is told, unless these are given. */
  readonly metrics?: StoreMetrics
  readonly tracing?: StoreTracing
}

/** The store on PostgreSQL. Connects when it is first used. */
export function createPostgresWalletStore(options: PostgresWalletStoreOptions): WalletStore {
  const { address, schemaVersion, writeLanes, readLanes, metrics = NO_METRICS, tracing = NO_TRACING } = options
  const step = watchSteps(metrics, tracing)
  const writers = createLanePool(writeLanes, () => openLane(address, prepareWrites))
  const readers = createLanePool(readLanes, () => openLane(address, prepareReads))
  metrics.pool('write', writeLanes, writers.reading)
  metrics.pool('read', readLanes, readers.reading)

  async function use<Result>(name: StoreStep, work: (lane: Lane) => Promise<Result>): Promise<Result> {
    try {
      return await readers.use((lane) => step(name, () => work(lane)))
    } catch (error) {
      throw isBug(error) ? error : new StoreError('no', `a read failed: ${reason(error)}`, { cause: error })
    }
  }

  return {
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
        const [[newest]] = await lane.roundTrip((sql) => [statements.readSchemaVersion(sql)])
        if (newest?.name !== schemaVersion) throw new LaneError(`the schema is ${newest?.name}, not ${schemaVersion}`)
      }),

    async close() {
      await Promise.all([writers.close(), readers.close()])
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
