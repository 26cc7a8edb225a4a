import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { describeAddress, type ServerAddress } from '../../db/address.ts'
import { migrationNames } from '../../db/migrate.ts'
import { type Startup, startOn } from '../../db/startup.ts'
import { formatFeedPage } from '../adapters/fastify/feed-page.ts'
import type { Services } from '../adapters/fastify/server.ts'
import { createPostgresDeliveries } from '../adapters/postgres/deliveries.ts'
import { createPostgresStandby, type PostgresStandby } from '../adapters/postgres/standby.ts'
import { createPostgresWalletStore } from '../adapters/postgres/wallet-store.ts'
import {
  createSignedTransactionIDs,
  type SignedTransactionIDs,
} from '../adapters/signed-transaction-ids/transaction-ids.ts'
import { createWebhookReceiver } from '../adapters/webhook/receiver.ts'
import { decideBatch } from '../domain/decide.ts'
import { fromMilliseconds } from '../domain/instant.ts'
import type { LedgerReads } from '../ports/inspection.ts'
import type { Telemetry } from '../ports/telemetry.ts'
import { KEY_BYTES } from '../ports/transaction-ids.ts'
import type { Readiness, WalletService } from '../ports/wallet-service.ts'
import type { WalletStore } from '../ports/wallet-store.ts'
import type { Deliveries } from '../ports/webhook.ts'
import { TIMEOUTS_MS } from '../timeouts.ts'
import {
  LIVE_BOUNDS,
  READ_CONNECTIONS,
  STANDBY_BOUNDS,
  STANDBY_CONNECTIONS,
  STANDBY_MAX_BEHIND_MS,
  serviceBounds,
  WEBHOOK_BOUNDS,
} from './bounds.ts'
import type { WebhookSetting } from './config/webhook.ts'
import type { Config } from './config.ts'
import { createInspection } from './inspection.ts'
import { createLive, type Live } from './live.ts'
import { sharedAnswer } from './shared-answer.ts'
import { createStandbyReads } from './standby-reads.ts'
import { asUnusable, UnusableDatabase } from './unusable-database.ts'
import { createWalletService } from './wallet-service.ts'
import { startWebhook } from './webhook.ts'

/** The services over a database that may not answer yet. */
export interface DatabaseLink {
  /** `undefined` until the database has answered for the first time. */
  services(): Services | undefined
  readonly readiness: Readiness
  /**
   * Tries once.
   *
   * @returns why the database does not answer, if trying again may help; `undefined` if it does.
   * @throws {UnusableDatabase} if trying again can't help.
   */
  connect(): Promise<string | undefined>
  /** Now it listens: logs that it is ready, and what is to be known of its database, and delivers webhooks from here on. */
  ready(line: string): void
  /** Tries again until the database answers, or the service stops. */
  keepConnecting(): Promise<void>
  /** From now on the service is shutting down; who follows a wallet is let go, to go on elsewhere. */
  stop(): void
  close(): Promise<void>
}

interface Linked {
  readonly store: WalletStore
  readonly standby: PostgresStandby | undefined
  readonly services: Services
  readonly live: Live
  readonly startup: Startup
  /** Begins to deliver, if there is a webhook; says how that is ended, which may be said twice. */
  readonly deliver: () => (() => Promise<void>) | undefined
}

interface Output {
  readonly logger: FastifyBaseLogger
  readonly telemetry: Telemetry
}

interface Delivering extends Output {
  readonly deliveries: Deliveries
  readonly store: Pick<LedgerReads, 'delivery'>
  readonly wallets: Pick<WalletService, 'feed'>
}

const NO_STANDBY =
  'READ_DATABASE_URL is set, and a Citus has no standby that all of it could be read from: unset it (docs/decisions/read-replicas.md)'
const NO_FEED =
  'WEBHOOK_URL is set, and there are no webhooks on a Citus, since there is no feed: unset it (docs/webhooks.md)'

const RETRY_DELAY_MS = 500
/** How soon an instance at work signs in a new epoch (docs/decisions/recovery.md). */
const EPOCH_POLL_MS = 1000

/** @param name of the database, for people. */
export function linkDatabase(config: Config, address: ServerAddress, name: string, output: Output): DatabaseLink {
  const { logger, telemetry } = output
  let linked: Linked | undefined
  let stopping = false
  let stopDelivery: (() => Promise<void>) | undefined

  async function link(): Promise<void> {
    const schemaVersion = (await migrationNames()).at(-1) ?? ''
    const connections = { writeConnections: config.lanes, readConnections: READ_CONNECTIONS }
    const store = createPostgresWalletStore({ address, schemaVersion, ...connections, telemetry })
    const { webhook } = config
    const deliveries = webhook && createPostgresDeliveries(address)
    let startup: Startup
    let transactionIDs: SignedTransactionIDs
    try {
      startup = await startOn(address, config.transactionIDKeys, randomBytes(KEY_BYTES))
      // A batch of nothing: what the role lacks to write with is told now, not to the first who writes.
      await store.transact([], decideBatch)
      await store.ping()
      if (deliveries !== undefined && startup.distribution !== undefined) throw new UnusableDatabase(NO_FEED)
      if (config.readDatabase !== undefined && startup.distribution !== undefined)
        throw new UnusableDatabase(NO_STANDBY)
      // Before anyone can write: from the very first transaction on, all are delivered.
      await deliveries?.begin()
      transactionIDs = createSignedTransactionIDs(startup.keys, await store.epochs())
    } catch (error) {
      await Promise.all([store.close(), deliveries?.close()])
      throw asUnusable(error) ?? error
    }
    const live = createLive(store, LIVE_BOUNDS, telemetry)
    const standby = config.readDatabase && watchStandby(config.readDatabase, address, output)
    const wallets = createWalletService({
      store,
      standby: standby && createStandbyReads(standby, STANDBY_BOUNDS, telemetry),
      transactionIDs,
      clock: () => fromMilliseconds(Date.now()),
      transactionIDTtl: config.transactionIDTtl,
      bounds: serviceBounds(config),
      committed: live.committed,
      telemetry,
    })
    const services = { wallets, inspection: createInspection(store, webhook?.url.origin), live }
    const deliver = () => webhook && deliveries && startDelivery(webhook, { deliveries, store, wallets, ...output })
    // Ready from here on, and not before.
    linked = { store, standby, startup, live, services, deliver }
    void keepEpoch(store, transactionIDs)
  }

  /** Anyone may ask, as often as they like: it must not keep the connections from those who read. */
  const probe: Readiness = sharedAnswer(async () => {
    if (linked === undefined) return 'starting'
    return linked.store.ping().then(
      () => 'ready',
      () => 'database unavailable',
    )
  })

  /** Batches see by themselves that an epoch has begun. This is for who asks for an ID, which touches no database. */
  async function keepEpoch(store: WalletStore, transactionIDs: SignedTransactionIDs): Promise<void> {
    for (;;) {
      await delay(EPOCH_POLL_MS, undefined, { ref: false })
      if (stopping) return
      // A store that fails is asked again.
      const epochs = await store.epochs().catch(() => undefined)
      if (epochs !== undefined && transactionIDs.enter(epochs))
        logger.warn('the ledger was declared restored: transaction IDs that were issued before are retired')
    }
  }

  function ready(line: string): void {
    logger.info(line)
    const { distribution, risk } = linked?.startup ?? {}
    if (distribution !== undefined) logger.info(distribution)
    if (risk !== undefined) logger.warn(risk)
    if (stopping) return
    void linked?.standby?.start()
    stopDelivery = linked?.deliver()
  }

  return {
    services: () => linked?.services,

    readiness: async () => (stopping ? 'shutting down' : probe()),

    connect: () =>
      link().then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof UnusableDatabase) throw error
          return error instanceof Error ? error.message : String(error)
        },
      ),

    ready,

    async keepConnecting() {
      let lastMessage = ''
      while (!stopping) {
        await delay(RETRY_DELAY_MS)
        try {
          await link()
          ready(`${name} answers; ready`)
          return
        } catch (error) {
          if (!(error instanceof UnusableDatabase) || error.message === lastMessage) continue
          lastMessage = error.message
          logger.error(lastMessage)
        }
      }
    },

    stop() {
      stopping = true
      void stopDelivery?.()
      linked?.live.stop()
      linked?.services.wallets.endWaits()
    },

    async close() {
      stopping = true
      await stopDelivery?.()
      await Promise.all([linked?.standby?.close(), linked?.store.close()])
    },
  }
}

/** The standby at an address, and a line in the log for each time when reads begin or cease to go there. */
function watchStandby(address: ServerAddress, primary: ServerAddress, { logger, telemetry }: Output): PostgresStandby {
  const name = `the standby (${describeAddress(address)})`
  return createPostgresStandby({
    ...{ address, connections: STANDBY_CONNECTIONS, primary, telemetry },
    maxBehindMs: STANDBY_MAX_BEHIND_MS,
    onChange(unusable) {
      if (unusable === undefined) logger.info(`reads that may be a little old go to ${name}`)
      else logger.warn(`all reads go to the primary: ${name} is not used, since ${unusable}`)
    },
  })
}

/** Posts all transactions from now on. @returns a way to end it, which may be called twice. */
function startDelivery(
  setting: WebhookSetting,
  { deliveries, store, wallets, logger, telemetry }: Delivering,
): () => Promise<void> {
  const receiver = createWebhookReceiver({ ...setting, format: formatFeedPage, timeoutMs: TIMEOUTS_MS.webhook })
  const webhook = startWebhook({
    ...{ deliveries, receiver, telemetry, log: logger },
    feed: wallets.feed,
    read: () => store.delivery(),
    bounds: WEBHOOK_BOUNDS,
    // Cut short, it is over all the same.
    sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => {}),
    random: Math.random,
  })
  return async () => {
    await webhook.stop()
    receiver.close()
  }
}
