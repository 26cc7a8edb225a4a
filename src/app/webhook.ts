import type { FeedAnswer, FeedPage, FeedQuery } from '../domain/feed.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import type { Failed, FeedWait } from '../ports/wallet-service.ts'
import { StoreError } from '../ports/wallet-store.ts'
import {
  type Deliveries,
  type Delivery,
  type DeliveryRight,
  MAX_WEBHOOK_BATCH,
  type WebhookReceiver,
} from '../ports/webhook.ts'

export interface WebhookBounds {
  /** How often an instance that does not deliver asks whether it may. */
  readonly takeMs: number
  /** How long one that delivers is silent to the store at most, but for the time of a message. */
  readonly beatMs: number
  /** The wait after the first failure; it doubles with each, up to the other. */
  readonly firstBackoffMs: number
  readonly maxBackoffMs: number
  /** How much longer a message that is under way may take once the service stops. */
  readonly stopMs: number
}

/** Says what the operator should know. */
export interface WebhookLog {
  info(text: string): void
  warn(text: string): void
  error(text: string): void
}

export interface WebhookDeps {
  readonly feed: (query: FeedQuery, wait: FeedWait) => Promise<FeedAnswer | Failed>
  readonly deliveries: Deliveries
  /** How far delivery has come, as any instance may ask. */
  readonly read: () => Promise<Delivery | undefined>
  readonly receiver: WebhookReceiver
  readonly bounds: WebhookBounds
  readonly log: WebhookLog
  readonly telemetry: Pick<Telemetry, 'webhook'>
  /** Waits, or until the signal; a test has a clock of its own. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** From 0 up to 1. */
  readonly random: () => number
}

const SET_BACK =
  'the ledger was set back to before what was delivered, or is another one: docs/webhooks.md says how to go on'

/**
 * Delivers, whenever it is given the right to: reads a page of the feed, posts it, keeps how far it came, and so on. Until the
 * receiver has taken a message, nothing behind it is sent. What is kept before a message is sent for the first time is how
 * many transactions it has, so that whoever must send it again sends the same one.
 *
 * @returns a way to end it, at the latest when a message that is under way has had its time.
 */
export function startWebhook(deps: WebhookDeps): { stop(): Promise<void> } {
  const { deliveries, receiver, bounds, log, sleep } = deps
  /** Nothing more is begun. */
  const quit = new AbortController()
  /** What is under way is cut off. */
  const cut = new AbortController()
  let delivers = false
  const metrics = deps.telemetry.webhook(watchDelivery(deps.read, () => delivers))

  async function run(): Promise<void> {
    let lastError = ''
    while (!quit.signal.aborted) {
      try {
        const right = await deliveries.take()
        if (right !== undefined) await use(right)
      } catch (error) {
        // A store that fails is asked again, and so after a bug: money does not wait for a webhook.
        if (!(error instanceof StoreError) && String(error) !== lastError) {
          lastError = String(error)
          log.error(`the webhook met an error of ours: ${lastError}`)
        }
      }
      await sleep(bounds.takeMs, quit.signal)
    }
  }

  async function use(right: DeliveryRight): Promise<void> {
    delivers = true
    log.info(`this instance delivers the webhook to ${receiver.origin}`)
    const ending = AbortSignal.any([quit.signal, right.lost])
    const deliver = createDeliverer(deps, right, {
      ending,
      cut: AbortSignal.any([cut.signal, right.lost]),
      metrics,
    })
    try {
      let waitMs = 0
      while (!ending.aborted) {
        if (waitMs <= 0) waitMs = await deliver()
        else {
          const slice = Math.min(waitMs, bounds.beatMs)
          await sleep(slice, ending)
          waitMs -= slice
          // Keeps the right through a long wait.
          if (!ending.aborted) await right.read()
        }
      }
    } finally {
      delivers = false
      await right.release()
    }
  }

  const running = run()
  return {
    async stop() {
      quit.abort()
      const limit = setTimeout(() => cut.abort(), bounds.stopMs)
      await running
      clearTimeout(limit)
      await deliveries.close()
    },
  }
}

interface Course {
  readonly ending: AbortSignal
  readonly cut: AbortSignal
  readonly metrics: ReturnType<Telemetry['webhook']>
}

/** @returns delivers the next message, if there is one or comes soon; says how long to wait after that, in ms. */
function createDeliverer(
  { feed, receiver, bounds, log, random }: WebhookDeps,
  right: DeliveryRight,
  { ending, cut, metrics }: Course,
): () => Promise<number> {
  /** Why it fails, as the log says. */
  let told: string | undefined

  async function fail(reason: string, { failing }: Delivery): Promise<number> {
    await right.keepFailure(reason)
    metrics.failed()
    // One line for all attempts; but that the ledger was set back is for the operator to mend, whatever failed before.
    if (told === undefined || (reason === SET_BACK && told !== SET_BACK)) {
      log[reason === SET_BACK ? 'error' : 'warn'](
        `the webhook to ${receiver.origin} fails, and is tried again until it is taken: ${reason}`,
      )
      told = reason
    }
    return backoff((failing?.failures ?? 0) + 1)
  }

  function backoff(failures: number): number {
    const longest = Math.min(bounds.firstBackoffMs * 2 ** (failures - 1), bounds.maxBackoffMs)
    return longest * (0.5 + random() / 2)
  }

  async function post(page: FeedPage, delivery: Delivery): Promise<number> {
    const count = page.transactions.length
    if (count !== delivery.batchSize) await right.keepBatch(count)
    const reason = await receiver.post(page, cut)
    if (reason !== undefined) return cut.aborted ? 0 : fail(reason, delivery)
    await right.keepDelivered(page.next)
    metrics.delivered(count)
    if (delivery.failing !== undefined)
      log.info(
        `the webhook to ${receiver.origin} is taken again, after ${delivery.failing.failures} attempts that failed`,
      )
    told = undefined
    return 0
  }

  return async () => {
    const delivery = await right.read()
    if (delivery === undefined) {
      await right.begin()
      return 0
    }
    const limit = delivery.batchSize === 0 ? MAX_WEBHOOK_BATCH : delivery.batchSize
    const answer = await feed({ after: delivery.after, limit }, { ms: bounds.beatMs, signal: ending })
    switch (answer.kind) {
      case 'page':
        if (answer.page.transactions.length === 0 || ending.aborted) return 0
        return post(answer.page, delivery)
      case 'gone':
        return fail(SET_BACK, delivery)
      case 'unavailable':
        throw new Error('there is no feed to deliver')
      case 'failed':
        return bounds.firstBackoffMs
      default:
        return answer satisfies never
    }
  }
}

/** How it fares, as it was when it was last asked for: each answer begins the next look. */
function watchDelivery(
  read: () => Promise<Delivery | undefined>,
  delivers: () => boolean,
): Parameters<Telemetry['webhook']>[0] {
  let looking = false
  let seen: Delivery | undefined

  async function look(): Promise<void> {
    if (looking) return
    looking = true
    seen = await read().catch(() => seen)
    looking = false
  }

  return () => {
    void look()
    return { behindMs: seen?.behindMs ?? 0, failingSince: seen?.failing?.since, delivers: delivers() }
  }
}
