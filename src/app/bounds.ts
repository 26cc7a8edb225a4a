import { TIMEOUTS_MS } from '../timeouts.ts'
import type { BatcherBounds } from './batcher.ts'
import type { Config } from './config.ts'
import type { LiveBounds } from './live.ts'
import type { StandbyBounds } from './standby-reads.ts'
import type { ServiceBounds } from './wallet-service.ts'
import type { WebhookBounds } from './webhook.ts'

/** Connections for everything that is not a batch of movements. */
export const READ_CONNECTIONS = 4

/** To the standby: for wallets, for histories, and to compare it with the primary. */
export const STANDBY_CONNECTIONS = 3

/** What a standby says is at most so old. */
export const STANDBY_MAX_BEHIND_MS = 10_000

/** What another instance has written, those who wait for it are told about so much later. */
const FEED_POLL_MS = 200

/** For each thing that the console asks: few people look, one thing at a time. */
export const INSPECTION_BOUNDS: BatcherBounds = {
  concurrency: 1,
  maxBatch: 1,
  maxQueued: 32,
  deadlineMs: TIMEOUTS_MS.request,
}

/** Those who follow wallets: each has a connection, and 3 to 7 KB. */
export const LIVE_BOUNDS: LiveBounds = { followersOfAUser: 16, followers: 4096, pollMs: 250, gatherMs: 20 }

/** Of the webhook. With the time of a message, its beat fits well into the silence that costs the right to deliver. */
export const WEBHOOK_BOUNDS: WebhookBounds = {
  takeMs: 2000,
  beatMs: 5000,
  firstBackoffMs: 1000,
  maxBackoffMs: 60_000,
  stopMs: 1000,
}

/** Reads of the standby. */
export const STANDBY_BOUNDS: StandbyBounds = {
  wallets: { concurrency: 1, maxBatch: 512, maxQueued: 4096, deadlineMs: TIMEOUTS_MS.standby },
  histories: { concurrency: 1, maxBatch: 1, maxQueued: 1024, deadlineMs: TIMEOUTS_MS.standby },
}

/** Every bound on what waits for the store. */
export function serviceBounds({ batchMax, queueMax, lanes }: Config): ServiceBounds {
  const deadlineMs = TIMEOUTS_MS.request
  return {
    movements: { concurrency: lanes, maxBatch: batchMax, maxQueued: queueMax, deadlineMs },
    opens: { concurrency: 1, maxBatch: 512, maxQueued: 4096, deadlineMs },
    stateChanges: { concurrency: 1, maxBatch: 1, maxQueued: 256, deadlineMs },
    walletReads: { concurrency: 1, maxBatch: 512, maxQueued: 4096, deadlineMs },
    singleReads: { concurrency: 1, maxBatch: 1, maxQueued: 1024, deadlineMs },
    feed: { concurrency: 1, maxBatch: 1, maxQueued: 1024, deadlineMs, maxWaiting: 256, pollMs: FEED_POLL_MS },
  }
}
