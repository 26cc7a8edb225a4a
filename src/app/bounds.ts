import type { Config } from './config.ts'
import type { ServiceBounds } from './wallet-service.ts'

/** Connections for everything that is not a batch of movements. */
export const READ_LANES = 4

/**
 * A request is answered within this time. The longest that one attempt can take is a connection (2 s), two round trips
 * (2 s each): a batch that a lost connection held up for as long is then tried again at least once by another request.
 */
const REQUEST_DEADLINE_MS = 6000

/** Every bound on what waits for the store. */
export function serviceBounds({ batchMax, queueMax, lanes }: Config): ServiceBounds {
  const deadlineMs = REQUEST_DEADLINE_MS
  return {
    movements: { lanes, maxBatch: batchMax, maxQueued: queueMax, deadlineMs },
    opens: { lanes: 1, maxBatch: 512, maxQueued: 4096, deadlineMs },
    walletReads: { lanes: 1, maxBatch: 512, maxQueued: 4096, deadlineMs },
    singleReads: { lanes: 1, maxBatch: 1, maxQueued: 1024, deadlineMs },
  }
}
