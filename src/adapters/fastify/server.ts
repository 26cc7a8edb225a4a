import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import { parseInstant } from '../../domain/rfc3339.ts'
import type { Authenticator } from '../../ports/authenticator.ts'
import type { Inspection } from '../../ports/inspection.ts'
import type { MetricsPage, RequestLog, RequestTracing } from '../../ports/telemetry.ts'
import type { Readiness, WalletService } from '../../ports/wallet-service.ts'
import { TIMEOUTS_MS } from '../../timeouts.ts'
import type { App } from './app.ts'
import { consoleDataRoutes } from './console/data.ts'
import { consoleFileRoutes } from './console/files.ts'
import { secureDocuments } from './gate/headers.ts'
import { buildGate } from './gate/order.ts'
import { answerOtherMethods } from './gate/other-methods.ts'
import type { RateLimits } from './gate/rate-limits.ts'
import { decodableURL } from './gate/request-head.ts'
import { traceRequests } from './gate/tracing.ts'
import { describeAPI } from './openapi/document.ts'
import { serveReference } from './openapi/reference.ts'
import { documentRoutes } from './openapi/route.ts'
import { historyRoutes } from './routes/history.ts'
import { movementRoutes } from './routes/movements.ts'
import { operationRoutes } from './routes/operations.ts'
import { transactionIDRoutes } from './routes/transaction-id.ts'
import { walletRoutes } from './routes/wallet.ts'
import { answerClientError, answerError } from './wire/errors.ts'
import { sendProblem } from './wire/problem.ts'
import { parseQueryString } from './wire/query-string.ts'
import { parseBody } from './wire/request-body.ts'
import { createRequestIDs } from './wire/request-ids.ts'

/** What the routes ask. */
export interface Services {
  readonly wallets: WalletService
  /** For the console. */
  readonly inspection: Inspection
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
  /** What `/metrics` shows; without it there is no such route. */
  readonly metrics?: MetricsPage | undefined
  readonly tracing?: RequestTracing | undefined
  /** {@link HTTP_TIMEOUTS} unless told otherwise. */
  readonly timeouts?: HTTPTimeouts
  /** How late the event loop is; it is measured unless told otherwise. */
  readonly eventLoopLatenessMs?: (() => number) | undefined
}

export interface HTTPTimeouts {
  /** From the first byte of a request to its last. */
  readonly requestMs: number
  /** How often that is looked at. */
  readonly requestCheckMs: number
  /** A connection on which nothing moves. */
  readonly connectionMs: number
  readonly keepAliveMs: number
}

export const HTTP_TIMEOUTS: HTTPTimeouts = {
  requestMs: TIMEOUTS_MS.httpRequest,
  // Node's own interval is 30 s: a request might take four times as long as it may.
  requestCheckMs: 1000,
  connectionMs: TIMEOUTS_MS.httpConnection,
  keepAliveMs: TIMEOUTS_MS.httpKeepAlive,
}

/** What a client may take up of the server. */
export const HTTP_BOUNDS = {
  bodyBytes: 16 * 1024,
  /** The names and values of a request's headers, and its path. */
  headBytes: 16 * 1024,
  /** As much as Node takes of a request's head: a parameter that is too long is the schema's to turn down. */
  pathParameterCharacters: 16 * 1024,
} as const

const NO_RATE_LIMITS: RateLimits = { perUser: undefined, perAddress: undefined }

/** Builds the server with all its routes. Never listens: that is the caller's. */
export async function buildServer(deps: ServerDeps): Promise<App> {
  const { services, readiness, logger, logRequest, version, authenticate, timeouts = HTTP_TIMEOUTS } = deps
  const { rateLimits = NO_RATE_LIMITS, trustedProxies = [], corsOrigins = [], metrics, tracing } = deps
  const app: App = fastify({
    loggerInstance: logger,
    // One logger for all requests: a child for each would cost more than the line that it writes.
    childLoggerFactory: (parent) => parent,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: createRequestIDs(),
    bodyLimit: HTTP_BOUNDS.bodyBytes,
    http: {
      connectionsCheckingInterval: timeouts.requestCheckMs,
      // Node swaps the two where this one (60 s by itself) is longer, and a body might take 60 s.
      headersTimeout: timeouts.requestMs,
      requestTimeout: timeouts.requestMs,
      // Node's own 400 has no body: ours is below.
      requireHostHeader: false,
      maxHeaderSize: HTTP_BOUNDS.headBytes,
      // Of two Content-Types or Hosts Node would take one and say nothing.
      joinDuplicateHeaders: true,
    },
    requestTimeout: timeouts.requestMs,
    connectionTimeout: timeouts.connectionMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    return503OnClosing: false,
    routerOptions: { maxParamLength: HTTP_BOUNDS.pathParameterCharacters, querystringParser: parseQueryString },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
        // With the schema and the value of each error: what is expected is told from them.
        verbose: true,
        formats: { rfc3339: (text: string) => parseInstant(text) !== undefined },
      },
    },
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply)
    },
    clientErrorHandler: answerClientError,
    rewriteUrl: ({ url = '/' }) => decodableURL(url),
  }).withTypeProvider<TypeBoxTypeProvider>()

  // Beyond 1000 headers Node drops the rest: with Content-Length among them, a body that no one looks at.
  app.server.maxHeadersCount = 0
  // Node would answer 417 by itself; an expectation that is not known may be ignored (RFC 9110, 10.1.1).
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  app.server.on('checkContinue', (request, response) => {
    // Behind a request that is not answered yet, Node would put the 100 between the head and the body of this answer.
    if (response.socket !== null) response.writeContinue()
    app.server.emit('request', request, response)
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, parseBody)
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, 'ROUTE_NOT_FOUND'))
  app.decorateRequest('transactionID', undefined)
  app.decorateRequest('route', undefined)
  app.decorateRequest('caller', undefined)
  app.decorateRequest('outcome', undefined)
  app.decorateRequest('replayed', undefined)
  if (tracing !== undefined) traceRequests(app, tracing)
  await buildGate(app, {
    ...{ authenticate, rateLimits, trustedProxies, corsOrigins },
    bodyBytes: HTTP_BOUNDS.bodyBytes,
    isStarted: () => services() !== undefined,
    isOverloaded: () => services()?.wallets.isOverloaded() ?? false,
    eventLoopLatenessMs: deps.eventLoopLatenessMs,
  })
  const answer405 = answerOtherMethods(app)
  app.addHook('onResponse', (request, reply, done) => {
    logRequest({
      requestID: request.id,
      method: request.method,
      route: request.route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 1000) / 1000,
      transactionID: request.transactionID,
      outcome: request.outcome,
      replayed: request.replayed,
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
      historyRoutes(api, wallets)
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
