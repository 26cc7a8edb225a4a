import type { FastifyBaseLogger } from 'fastify'
import type { Authenticator } from '../../ports/authenticator.ts'
import type { Inspection } from '../../ports/inspection.ts'
import type { LiveWallets } from '../../ports/live.ts'
import type { MetricsPage, RequestLog, RequestTracing } from '../../ports/telemetry.ts'
import type { Readiness, WalletService } from '../../ports/wallet-service.ts'
import type { App } from './app.ts'
import { HTTP_BOUNDS } from './bounds.ts'
import { consoleDataRoutes } from './console/data.ts'
import { consoleFileRoutes } from './console/files.ts'
import { secureDocuments } from './gate/headers.ts'
import { buildGate } from './gate/order.ts'
import { answerOtherMethods } from './gate/other-methods.ts'
import type { RateLimits } from './gate/rate-limits.ts'
import { traceRequests } from './gate/tracing.ts'
import { createApp, HTTP_TIMEOUTS, type HTTPTimeouts } from './http.ts'
import { describeAPI } from './openapi/document.ts'
import { serveReference } from './openapi/reference.ts'
import { documentRoutes } from './openapi/route.ts'
import { eventRoutes } from './routes/events.ts'
import { feedRoutes } from './routes/feed.ts'
import { historyRoutes } from './routes/history.ts'
import { listRoutes } from './routes/list.ts'
import { movementRoutes } from './routes/movements.ts'
import { operationRoutes } from './routes/operations.ts'
import { statementRoutes } from './routes/statement.ts'
import { transactionIDRoutes } from './routes/transaction-id.ts'
import { walletRoutes } from './routes/wallet.ts'
import { answerError } from './wire/errors.ts'
import { sendProblem } from './wire/problem.ts'

/** What the routes ask. */
export interface Services {
  readonly wallets: WalletService
  /** For the console. */
  readonly inspection: Inspection
  /** For those who follow a wallet. */
  readonly live: LiveWallets
}

export interface ServerDeps {
  /** `undefined` until the database has answered for the first time; till then requests are answered with 503. */
  services(): Services | undefined
  readonly readiness: Readiness
  readonly logger: FastifyBaseLogger
  readonly logRequest: RequestLog
  readonly version: string
  /** Tells callers apart; left out: everyone may do everything. */
  readonly authenticate?: Authenticator | undefined
  /** None unless told otherwise. */
  readonly rateLimits?: RateLimits
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[]
  /** Of pages that may call the service from a browser, beside its own. */
  readonly corsOrigins?: readonly string[]
  /** Whether a request with this Host header is meant for us; any is unless told otherwise. */
  readonly isServedHost?: ((host: string) => boolean) | undefined
  /** What `/metrics` shows; without it there is no such route. */
  readonly metrics?: MetricsPage | undefined
  readonly tracing?: RequestTracing | undefined
  /** {@link HTTP_TIMEOUTS} unless told otherwise. */
  readonly timeouts?: HTTPTimeouts
  /** How long a stream of events lasts; {@link STREAM_LIFE_MS} unless told otherwise. */
  readonly streamLifeMs?: number | undefined
  /** How late the event loop is; it is measured unless told otherwise. */
  readonly eventLoopLatenessMs?: (() => number) | undefined
}

/** No longer than many a token is good for. */
const STREAM_LIFE_MS = 15 * 60_000
const NO_RATE_LIMITS: RateLimits = { perUser: undefined, perAddress: undefined }

/** Builds the server with all its routes. Never listens: that is the caller's. */
export async function buildServer(deps: ServerDeps): Promise<App> {
  const { services, readiness, logger, logRequest, version, authenticate, timeouts = HTTP_TIMEOUTS } = deps
  const { rateLimits = NO_RATE_LIMITS, trustedProxies = [], corsOrigins = [], metrics, tracing } = deps
  const app = createApp(logger, timeouts)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, 'ROUTE_NOT_FOUND'))
  app.decorateRequest('transactionID', undefined)
  app.decorateRequest('route', undefined)
  app.decorateRequest('address', undefined)
  app.decorateRequest('caller', undefined)
  app.decorateRequest('outcome', undefined)
  app.decorateRequest('replayed', undefined)
  app.decorateRequest('items', undefined)
  if (tracing !== undefined) traceRequests(app, tracing)
  await buildGate(app, {
    ...{ authenticate, rateLimits, trustedProxies, corsOrigins },
    bodyBytes: HTTP_BOUNDS.bodyBytes,
    isServedHost: deps.isServedHost ?? (() => true),
    isStarted: () => services() !== undefined,
    isOverloaded: () => services()?.wallets.isOverloaded() ?? false,
    eventLoopLatenessMs: deps.eventLoopLatenessMs,
  })
  const answer405 = answerOtherMethods(app)
  app.addHook('onResponse', (request, reply, done) => {
    logRequest({
      requestID: request.id,
      address: request.address,
      method: request.method,
      route: request.route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 1000) / 1000,
      transactionID: request.transactionID,
      outcome: request.outcome,
      replayed: request.replayed,
      items: request.items,
      // They act for everyone, and a transaction does not say who asked for it. What users do is in their own wallets.
      administrator: request.caller?.admin === true ? request.caller.userID : undefined,
    })
    done()
  })

  const use = started(services)
  const wallets = () => use().wallets
  await describeAPI(app, { version, authenticated: authenticate !== undefined })
  await app.register(
    async (api: App) => {
      walletRoutes(api, wallets)
      transactionIDRoutes(api, wallets)
      movementRoutes(api, wallets)
      listRoutes(api, wallets)
      historyRoutes(api, wallets)
      eventRoutes(api, { wallets, live: () => use().live }, deps.streamLifeMs ?? STREAM_LIFE_MS)
      statementRoutes(api, wallets)
      feedRoutes(api, wallets)
    },
    { prefix: '/api/v1' },
  )
  operationRoutes(app, readiness, metrics)
  await app.register(async (documents: App) => {
    await secureDocuments(documents)
    documentRoutes(documents)
    await serveReference(documents)
  })
  await app.register(
    async (console: App) => {
      consoleDataRoutes(console, () => use().inspection, metrics)
      await consoleFileRoutes(console)
    },
    { prefix: '/console' },
  )
  answer405()
  await app.ready()
  return app
}

/** @returns the services, for handlers: the gate lets no request through before they are there. */
function started(services: ServerDeps['services']): () => Services {
  return () => {
    const there = services()
    if (there === undefined) throw new Error('a request passed the gate before there was a service')
    return there
  }
}
