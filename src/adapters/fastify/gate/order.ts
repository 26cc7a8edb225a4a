import type { onRequestHookHandler, preHandlerHookHandler } from 'fastify'
import type { Authenticator } from '../../../ports/authenticator.ts'
import type { App } from '../app.ts'
import { bodyTooLarge, sendProblem } from '../wire/problem.ts'
import { forgetMalformedType } from '../wire/request-body.ts'
import { accessOf, identifyCaller, requireAdmin, requireOwner } from './access.ts'
import { createCallerAddress } from './caller-address.ts'
import { allowOrigins } from './cors.ts'
import { setAPIHeaders } from './headers.ts'
import { refuseOverload, watchEventLoop } from './overload.ts'
import { createRateLimits, type RateLimits } from './rate-limits.ts'
import { wrongHead } from './request-head.ts'

export interface GateOptions {
  readonly authenticate: Authenticator | undefined
  readonly rateLimits: RateLimits
  readonly trustedProxies: readonly string[]
  readonly corsOrigins: readonly string[]
  readonly bodyBytes: number
  /** Whether a request with this Host header is meant for us. */
  isServedHost(host: string): boolean
  /** Whether there is a service yet: it is not there before its database has answered. */
  isStarted(): boolean
  isOverloaded(): boolean
  /** How late the event loop is; measured if left out. */
  readonly eventLoopLatenessMs: (() => number) | undefined
}

/**
 * What a request passes before its handler, in this order, which is the contract's order of precedence: the first step that
 * says no gives the answer. Every route that is added after this has it.
 */
export async function buildGate(app: App, options: GateOptions): Promise<void> {
  const { authenticate, isStarted, isOverloaded, eventLoopLatenessMs = watchEventLoop(app) } = options
  const limits = await createRateLimits(app, options.rateLimits)
  const identify = authenticate === undefined ? [] : [identifyCaller(authenticate)]
  const admin = authenticate === undefined ? [] : [requireAdmin]
  const owner = authenticate === undefined ? [] : [requireOwner]
  const overload = [refuseOverload(isOverloaded, eventLoopLatenessMs)]

  app.addHook('onRequest', nameAnswer)
  app.addHook('onRequest', nameAddress(options.trustedProxies))
  app.addHook('onRequest', checkHead(options.isServedHost))
  await allowOrigins(app, options.corsOrigins)
  app.addHook('onRequest', checkRoute)

  app.addHook('onRoute', function (route) {
    const access = accessOf(route, this)
    const { shedsLoad, withoutService } = route.config ?? {}
    route.onRequest = [
      nameRoute(route.url),
      ...(access === 'open' ? [] : [...limits.perAddress, ...identify]),
      ...(access === 'admin' ? admin : []),
      ...(access === 'open' ? [] : limits.perUser),
      ...(shedsLoad === true ? overload : []),
      // 405: the one answer that a route of its own gives here.
      ...[route.onRequest ?? []].flat(),
      checkBodySize(route.bodyLimit ?? options.bodyBytes),
      forgetMalformedType,
    ]
    // Between the two lists Fastify reads the body, parses it, and validates all parts of the request.
    route.preHandler = [
      ...(access === 'owner' ? owner : []),
      ...(access === 'open' || withoutService === true ? [] : [requireStarted(isStarted)]),
      ...[route.preHandler ?? []].flat(),
    ]
  })
}

const nameAnswer: onRequestHookHandler = (request, reply, done) => {
  reply.header('x-request-id', request.id)
  setAPIHeaders(reply)
  // Node drops what came in one piece with a request to upgrade: its client must not wait for that answer.
  if (request.headers.upgrade !== undefined) reply.header('connection', 'close')
  done()
}

function nameAddress(trustedProxies: readonly string[]): onRequestHookHandler {
  const addressOf = createCallerAddress(trustedProxies)
  return (request, _reply, done) => {
    request.address = addressOf(request.raw)
    done()
  }
}

function checkHead(isServedHost: (host: string) => boolean): onRequestHookHandler {
  return (request, reply, done) => {
    const detail = wrongHead(request.raw, isServedHost)
    if (detail === undefined) done()
    else sendProblem(reply.header('connection', 'close'), 'INVALID_REQUEST', { detail })
  }
}

const checkRoute: onRequestHookHandler = (request, reply, done) => {
  if (request.is404) sendProblem(reply, 'ROUTE_NOT_FOUND')
  else done()
}

function nameRoute(url: string): onRequestHookHandler {
  return (request, _reply, done) => {
    request.route = url
    done()
  }
}

/** Before the body is read, and before its content type is looked at: that it is too large is told first. */
function checkBodySize(limitBytes: number): onRequestHookHandler {
  return (request, reply, done) => {
    if (Number(request.headers['content-length']) > limitBytes)
      sendProblem(reply, 'BODY_TOO_LARGE', bodyTooLarge(limitBytes))
    else done()
  }
}

function requireStarted(isStarted: () => boolean): preHandlerHookHandler {
  return (_request, reply, done) => {
    if (isStarted()) done()
    else sendProblem(reply, 'DATABASE_UNAVAILABLE')
  }
}
