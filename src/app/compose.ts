import cluster from 'node:cluster'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { describeAddress } from '../../db/address.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../adapters/embedded-postgres/server.ts'
import { buildServer } from '../adapters/fastify/server.ts'
import { watchConnections } from '../adapters/fastify/wire/drain.ts'
import { createJWTAuthenticator } from '../adapters/jwt/authenticator.ts'
import type { OpenTelemetry } from '../adapters/opentelemetry/start.ts'
import { createPrometheus } from '../adapters/prometheus/metrics.ts'
import { gatherFromWorkers } from '../adapters/prometheus/workers.ts'
import type { Authenticator } from '../ports/authenticator.ts'
import { NO_TELEMETRY, type ReadFamilies, type RequestLog } from '../ports/telemetry.ts'
import { TIMEOUTS_MS } from '../timeouts.ts'
import { listenAddress, servedHost } from './config/listen-address.ts'
import type { Config } from './config.ts'
import { linkDatabase } from './startup.ts'

export interface RunningService {
  /** Where requests go, without a slash at its end. */
  readonly url: string
  /** Answers what was accepted, then ends everything that was started, the database last. */
  stop(): Promise<void>
}

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
  const gather = cluster.isWorker ? gatherFromWorkers : undefined
  const { metrics, countRequest, page, families } = createPrometheus(version, gather)
  const openTelemetry = await startSending(config, families, version, logger)
  const tracing = openTelemetry?.tracing
  const telemetry = { ...NO_TELEMETRY, ...metrics, ...tracing }
  const embedded = config.database === undefined ? await startEmbedded(config, logger) : undefined
  const address = embedded?.address ?? config.database
  if (address === undefined) throw new Error('there is neither an embedded nor a configured database')
  const databaseName =
    embedded === undefined ? `PostgreSQL, ${describeAddress(address)}` : `embedded PostgreSQL in ${config.dataDir}`

  const database = linkDatabase(config, address, databaseName, { logger, telemetry })

  try {
    const waitingFor = await database.connect()
    const { rateLimits, trustedProxies, corsOrigins } = config
    const server = await buildServer({
      services: database.services,
      readiness: database.readiness,
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
      isServedHost: servedHost(config),
      metrics: page,
      tracing,
    })
    const drain = watchConnections(server.server)
    // Not Fastify's own listen: it would log a first line of its own.
    server.server.listen({ port: config.port, host, backlog: 4096 })
    await once(server.server, 'listening')
    const url = listeningAt(server.server.address(), config.host)
    if (waitingFor === undefined) database.ready(`listening at ${url}/api/v1, on ${databaseName}`)
    else logger.warn(`listening at ${url}/api/v1, but waiting for ${databaseName}: ${waitingFor}`)
    const connecting = waitingFor === undefined ? undefined : database.keepConnecting()

    return {
      url,
      async stop() {
        database.stop()
        await drain(TIMEOUTS_MS.drain, TIMEOUTS_MS.lastRequest)
        await server.close()
        await Promise.race([connecting, delay(CONNECTING_LIMIT_MS)])
        await Promise.all([database.close(), openTelemetry?.stop(TIMEOUTS_MS.telemetryFlush)])
        await embedded?.stop()
      },
    }
  } catch (error) {
    await database.close()
    await embedded?.stop()
    throw error
  }
}

/** Loads OpenTelemetry only if it is wanted. */
async function startSending(
  { otlp: { traces, metrics } }: Config,
  read: ReadFamilies,
  version: string,
  logger: FastifyBaseLogger,
): Promise<OpenTelemetry | undefined> {
  if (traces === undefined && metrics === undefined) return undefined
  const { startOpenTelemetry } = await import('../adapters/opentelemetry/start.ts')
  const onProblem = (message: string) => logger.warn(`OpenTelemetry: ${message}`)
  return startOpenTelemetry({ traces, metrics, read, version, worker: cluster.worker?.id, onProblem })
}

export function startEmbedded(config: Config, logger: FastifyBaseLogger): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir: config.dataDir, onCrash: (message) => logger.error(message) })
}

function authenticatorOf({ authentication }: Config, logger: FastifyBaseLogger): Authenticator | undefined {
  if (authentication.kind !== 'bearer') return undefined
  return createJWTAuthenticator({ ...authentication, onUnavailable: (reason) => logger.error(reason) })
}

export function listeningAt(address: AddressInfo | string | null, host: string): string {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`
}
