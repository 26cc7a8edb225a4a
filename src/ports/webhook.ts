import type { FeedPage, FeedPosition } from '../domain/feed.ts'
import type { Instant } from '../domain/instant.ts'

/*
 * All transactions, posted to one receiver in the order of the feed: at least once, since a sender that ends after a message was
 * taken, and before it has kept that, must send it again. Messages then are the same to the byte, and so is their id.
 */

/** How many transactions one message holds at most. */
export const MAX_WEBHOOK_BATCH = 100

/** How far delivery has come, and how it fares; the same for every instance. */
export interface Delivery {
  /** All transactions up to here were delivered. */
  readonly after: FeedPosition
  /** How many transactions the message behind it has, if it may have been sent already; else 0. */
  readonly batchSize: number
  /** When the receiver last took one. */
  readonly deliveredAt: Instant | undefined
  /** `undefined` unless the last attempt failed. */
  readonly failing: { readonly since: Instant; readonly failures: number; readonly error: string } | undefined
  /** The age of the oldest transaction that was not delivered; 0 if there is none. */
  readonly behindMs: number
}

/** Keeps how far delivery has come. Every method may throw a `StoreError`. */
export interface Deliveries {
  /** Lets delivery begin at the end of the feed as it is now, unless it has begun. */
  begin(): Promise<void>
  /** Takes the right to deliver, which one has at a time; `undefined`: someone else has it. */
  take(): Promise<DeliveryRight | undefined>
  /** Lets go of what waits for the right. */
  close(): Promise<void>
}

/** The right to deliver, for as long as it is held. Every method may throw a `StoreError`, and then the right is lost. */
export interface DeliveryRight {
  /** Aborted once the right may be another's. */
  readonly lost: AbortSignal
  /**
   * Says that the right is still held, too: it is lost once nothing was asked for half a minute.
   *
   * @returns `undefined` if delivery has not begun.
   */
  read(): Promise<Delivery | undefined>
  begin(): Promise<void>
  /** The next message has so many transactions, from now on until it is delivered. */
  keepBatch(size: number): Promise<void>
  keepDelivered(upTo: FeedPosition): Promise<void>
  keepFailure(error: string): Promise<void>
  /** Lets someone else have it at once. */
  release(): Promise<void>
}

/** Posts one message. Never throws. */
export interface WebhookReceiver {
  /** Scheme, host and port: nothing of it is secret. */
  readonly origin: string
  /** @returns why it was not taken, in a few words with nothing secret in them; `undefined` if it was. */
  post(page: FeedPage, signal: AbortSignal): Promise<string | undefined>
}
