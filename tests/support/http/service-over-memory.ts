import { createMemoryWalletStore, type MemoryWalletStore } from '../../../src/adapters/memory/wallet-store.ts'
import { createSignedTransactionIDs } from '../../../src/adapters/signed-transaction-ids/transaction-ids.ts'
import type { BatcherBounds } from '../../../src/app/batcher.ts'
import { LIVE_BOUNDS } from '../../../src/app/bounds.ts'
import { createLive, type Live } from '../../../src/app/live.ts'
import { createWalletService, type ServiceBounds } from '../../../src/app/wallet-service.ts'
import { after, type Micros } from '../../../src/domain/instant.ts'
import type { Movement } from '../../../src/domain/movement.ts'
import type { TransactionID } from '../../../src/domain/transaction.ts'
import type { UserID } from '../../../src/domain/user-id.ts'
import { KEY_BYTES, type TransactionIDs } from '../../../src/ports/transaction-ids.ts'
import type { WalletService } from '../../../src/ports/wallet-service.ts'
import type { WalletStore } from '../../../src/ports/wallet-store.ts'
import { HOUR, NOW, requestID } from '../domain-builders.ts'

export const TTL: Micros = 24n * HOUR

export interface ServiceOverMemory {
  readonly service: WalletService
  readonly live: Live
  readonly transactionIDs: TransactionIDs
  /** Moves the one clock that service and store share. */
  advance(length: Micros): void
  /** Declares the ledger restored; the service knows at once. */
  beginEpoch(): Promise<void>
  /** An ID that was issued to this user just now. */
  issued(userID: UserID): TransactionID
  submit(userID: UserID, transactionID: TransactionID, movement: Movement): ReturnType<WalletService['submit']>
}

const BOUNDS: BatcherBounds = { concurrency: 1, maxBatch: 100, maxQueued: 100, deadlineMs: 10_000 }
/** Longer than any test: a batch of our own wakes those who wait. */
const POLL_MS = 3_600_000

/**
 * The service as it is put together for PostgreSQL, over the memory store.
 *
 * @param alter puts something between the service and its store.
 */
export function createServiceOverMemory(
  bounds: Partial<BatcherBounds> = {},
  alter: (store: MemoryWalletStore) => WalletStore = (store) => store,
): ServiceOverMemory {
  let now = NOW
  const clock = () => now
  const each = { ...BOUNDS, ...bounds }
  const all: ServiceBounds = {
    ...{ movements: each, opens: each, stateChanges: each, walletReads: each, singleReads: each },
    feed: { ...each, maxWaiting: each.maxQueued, pollMs: POLL_MS },
  }
  const transactionIDs = createSignedTransactionIDs([Buffer.alloc(KEY_BYTES, 'key')])
  const memory = createMemoryWalletStore(clock)
  const store = alter(memory)
  const live = createLive(store, LIVE_BOUNDS)
  const service = createWalletService({
    store,
    committed: live.committed,
    transactionIDs,
    clock,
    transactionIDTtl: TTL,
    bounds: all,
  })
  let requests = 0
  return {
    service,
    live,
    transactionIDs,
    advance(length) {
      now = after(now, length)
    },
    async beginEpoch() {
      memory.beginEpoch()
      transactionIDs.enter(await memory.epochs())
    },
    issued: (userID) => transactionIDs.issue(userID, now),
    submit(userID, transactionID, movement) {
      requests += 1
      return service.submit({ userID, transactionID, movement, requestID: requestID(`request ${requests}`) })
    },
  }
}
