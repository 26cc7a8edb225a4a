import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import { TIMEOUTS_MS } from '../../timeouts.ts'
import type { App } from './app.ts'
import { HTTP_BOUNDS } from './bounds.ts'
import { decodableURL } from './gate/request-head.ts'
import { answerClientError, answerError } from './wire/errors.ts'
import { VALIDATION } from './wire/keywords.ts'
import { parseQueryString } from './wire/query-string.ts'
import { parseBody } from './wire/request-body.ts'
import { createRequestIDs } from './wire/request-ids.ts'

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

/** Fastify and Node's HTTP server as this service needs them, without a route. */
export function createApp(logger: FastifyBaseLogger, timeouts: HTTPTimeouts): App {
  const app: App = fastify({
    loggerInstance: logger,
    // One logger for all requests: a child for each would cost more than the line that it writes.
    childLoggerFactory: (parent) => parent,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: createRequestIDs(),
    bodyLimit: HTTP_BOUNDS.bodyBytes,
    http: {
      connectionsCheckingInterval: timeouts.requestCheckMs,
      // Node swaps the two if this one (60 s by default) is longer, and a body might take 60 s.
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
        ...VALIDATION,
      },
    },
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply)
    },
    clientErrorHandler: answerClientError,
    rewriteUrl: ({ url = '/' }) => decodableURL(url),
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.server.maxConnections = HTTP_BOUNDS.connections
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
  return app
}
