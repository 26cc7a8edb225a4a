import type { ServiceBounds } from './wallet-service.ts'

/** Connections: batches that are written side by side, and everything else. */
export const POOL = { writeLanes: 2, readLanes: 4 } as const

/**
 * A request is answered within this time. The longest that one attempt can take is a connection (2 s), two round trips
 * (2 s each): a batch that a lost connection held up for as long is then tried again at least once by another request.
 */
const REQUEST_DEADLINE_MS = 6000

/** Every bound on what waits for the store. */
export const BOUNDS: ServiceBounds = {
  movements: { lanes: POOL.writeLanes, maxBatch: 512, maxQueued: 4096, deadlineMs: REQUEST_DEADLINE_MS },
  opens: { lanes: 1, maxBatch: 512, maxQueued: 4096, deadlineMs: REQUEST_DEADLINE_MS },
  walletReads: { lanes: 1, maxBatch: 512, maxQueued: 4096, deadlineMs: REQUEST_DEADLINE_MS },
  singleReads: { lanes: 2, maxBatch: 1, maxQueued: 1024, deadlineMs: REQUEST_DEADLINE_MS },
}
