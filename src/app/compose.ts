import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { describeAddress, type ServerAddress } from '../../db/address.ts'
import { migrationNames } from '../../db/migrate.ts'
import type { Startup } from '../../db/startup.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../adapters/embedded-postgres/server.ts'
import { buildServer, type Services } from '../adapters/fastify/server.ts'
import { watchConnections } from '../adapters/fastify/wire/drain.ts'
import { createJWTAuthenticator } from '../adapters/jwt/authenticator.ts'
import type { OpenTelemetry } from '../adapters/opentelemetry/tracing.ts'
import { createPostgresWalletStore } from '../adapters/postgres/wallet-store.ts'
import { createPrometheus } from '../adapters/prometheus/metrics.ts'
import { createSignedTransactionIDs } from '../adapters/signed-transaction-ids/transaction-ids.ts'
import { decideBatch } from '../domain/decide.ts'
import { fromMilliseconds } from '../domain/instant.ts'
import type { Authenticator } from '../ports/authenticator.ts'
import { NO_TELEMETRY, type RequestLog } from '../ports/telemetry.ts'
import type { Readiness } from '../ports/wallet-service.ts'
import type { WalletStore } from '../ports/wallet-store.ts'
import { TIMEOUTS_MS } from '../timeouts.ts'
import { READ_CONNECTIONS, serviceBounds } from './bounds.ts'
import type { Config } from './config.ts'
import { createInspection } from './inspection.ts'
import { listenAddress } from './listen-address.ts'
import { asUnusable, prepareDatabase, UnusableDatabase } from './prepare-database.ts'
import { createWalletService } from './wallet-service.ts'

export interface RunningService {
  /** Where requests go, without a slash at its end. */
  readonly url: string
  /** Answers what was accepted, then ends everything that was started, the database last. */
  stop(): Promise<void>
}

const RETRY_DELAY_MS = 500
/** An attempt to connect may wait for another instance's migration; stopping does not. */
const CONNECTING_LIMIT_MS = 500

/**
 * Puts the service together and starts it. It listens even while the database does not answer yet, and says so at
 * `/readyz`; what waiting cannot fix is thrown.
 */
export async function startService(
  config: Config,
  { logger, logRequest }: { readonly logger: FastifyBaseLogger; readonly logRequest: RequestLog },
  version: string,
): Promise<RunningService> {
  const host = await listenAddress(config)
  const { metrics, countRequest, page } = createPrometheus(version)
  const openTelemetry = await startTracing(config, version, logger)
  const tracing = openTelemetry?.tracing
  const telemetry = { ...NO_TELEMETRY, ...metrics, ...tracing }
  const embedded = config.database === undefined ? await startEmbedded(config, logger) : undefined
  const address = embedded?.address ?? config.database
  if (address === undefined) throw new Error('there is neither an embedded nor a configured database')
  const databaseName =
    embedded === undefined ? `PostgreSQL, ${describeAddress(address)}` : `embedded PostgreSQL in ${config.dataDir}`

  let store: WalletStore | undefined
  let services: Services | undefined
  let stopping = false
  let about: Startup | undefined
  const readiness: Readiness = async () => {
    if (stopping) return 'shutting down'
    if (store === undefined) return 'starting'
    return store.ping().then(
      () => 'ready',
      () => 'database unavailable',
    )
  }

  async function connect(database: ServerAddress): Promise<void> {
    const startup = await prepareDatabase(database, config.transactionIDKey)
    const schemaVersion = (await migrationNames()).at(-1) ?? ''
    const connections = { writeConnections: config.lanes, readConnections: READ_CONNECTIONS }
    const candidate = createPostgresWalletStore({ address: database, schemaVersion, ...connections, telemetry })
    try {
      await candidate.ping()
      // A batch of nothing: what the role lacks to write with is told now, not to the first who writes.
      await candidate.transact([], decideBatch)
    } catch (error) {
      await candidate.close()
      throw asUnusable(error) ?? error
    }
    const transactionIDs = createSignedTransactionIDs(startup.key)
    const clock = () => fromMilliseconds(Date.now())
    // Ready from here on, and not before.
    about = startup
    store = candidate
    services = {
      wallets: createWalletService({
        store: candidate,
        transactionIDs,
        clock,
        transactionIDTtl: config.transactionIDTtl,
        bounds: serviceBounds(config),
        telemetry,
      }),
      inspection: createInspection(candidate),
    }
  }

  function sayReady(line: string): void {
    logger.info(line)
    if (about?.distribution !== undefined) logger.info(about.distribution)
    if (about?.risk !== undefined) logger.warn(about.risk)
  }

  async function keepConnecting(database: ServerAddress): Promise<void> {
    let said = ''
    while (!stopping) {
      await delay(RETRY_DELAY_MS)
      try {
        await connect(database)
        sayReady(`${databaseName} answers; ready`)
        return
      } catch (error) {
        if (!(error instanceof UnusableDatabase) || error.message === said) continue
        said = error.message
        logger.error(said)
      }
    }
  }

  try {
    const waitingFor = await connect(address).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof UnusableDatabase) throw error
        return error instanceof Error ? error.message : String(error)
      },
    )
    const { rateLimits, trustedProxies, corsOrigins } = config
    const server = await buildServer({
      services: () => services,
      readiness,
      logger,
      logRequest(entry) {
        logRequest(entry)
        countRequest(entry)
      },
      version,
      authenticate: authenticatorOf(config, logger),
      rateLimits,
      trustedProxies,
      corsOrigins,
      metrics: page,
      tracing,
    })
    const drain = watchConnections(server.server)
    // Not Fastify's own listen: it would log a first line of its own.
    server.server.listen({ port: config.port, host, backlog: 4096 })
    await once(server.server, 'listening')
    const url = listeningAt(server.server.address(), config.host)
    if (waitingFor === undefined) sayReady(`listening at ${url}/api/v1, on ${databaseName}`)
    else logger.warn(`listening at ${url}/api/v1, but waiting for ${databaseName}: ${waitingFor}`)
    const connecting = waitingFor === undefined ? undefined : keepConnecting(address)

    return {
      url,
      async stop() {
        stopping = true
        await drain(TIMEOUTS_MS.drain, TIMEOUTS_MS.lastRequest)
        await server.close()
        await Promise.race([connecting, delay(CONNECTING_LIMIT_MS)])
        await Promise.all([store?.close(), openTelemetry?.stop(TIMEOUTS_MS.traceFlush)])
        await embedded?.stop()
      },
    }
  } catch (error) {
    await store?.close()
    await embedded?.stop()
    throw error
  }
}

/** Loads OpenTelemetry only where it is wanted. */
async function startTracing(
  { traces }: Config,
  version: string,
  logger: FastifyBaseLogger,
): Promise<OpenTelemetry | undefined> {
  if (traces === undefined) return undefined
  const { startOpenTelemetry } = await import('../adapters/opentelemetry/tracing.ts')
  const onProblem = (message: string) => logger.warn(`OpenTelemetry: ${message}`)
  return startOpenTelemetry({ protocol: traces, version, onProblem })
}

function startEmbedded(config: Config, logger: FastifyBaseLogger): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir: config.dataDir, onCrash: (message) => logger.error(message) })
}

function authenticatorOf({ authentication }: Config, logger: FastifyBaseLogger): Authenticator | undefined {
  if (authentication.kind !== 'bearer') return undefined
  return createJWTAuthenticator({ ...authentication, onUnavailable: (reason) => logger.error(reason) })
}

function listeningAt(address: AddressInfo | string | null, host: string): string {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}
