import type { FastifyReply, onRequestHookHandler, preHandlerHookHandler, RouteOptions } from 'fastify'
import { ADMIN_SCOPE, type Authenticator, type Caller, type TokenFault } from '../../../ports/authenticator.ts'
import { sendProblem } from '../wire/problem.ts'

/**
 * Who may use a route, once callers are told apart: everyone without a token; the user whom the path names by
 * `:userID`, and administrators; administrators only; everyone with a token, since the route asks about each part of the
 * request by itself.
 */
export type Access = 'open' | 'owner' | 'admin' | 'caller'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route says it: one that does not keeps the server from being built. */
    access?: Access
    /** Answers before the database does: no wallet is asked for. */
    withoutService?: true
    /** Turned away unread while the service is overloaded: see {@link refuseOverload}. */
    shedsLoad?: true
  }
  interface FastifyInstance {
    /** Stands for the `access` of routes that a plugin adds: `scope.decorate('access', …)` before it is registered there. */
    access?: Access
  }
  interface FastifyRequest {
    /** Who sent this, if that must be known. */
    caller: Caller | undefined
  }
}

/** @throws if a route does not say who may use it: what was forgotten must not be open. */
export function accessOf({ method, url, config }: RouteOptions, scope: { readonly access?: Access }): Access {
  const access = config?.access ?? scope.access
  if (access === undefined) throw new Error(`${method} ${url} does not say who may use it: config.access is missing`)
  if (access === 'owner' && !url.includes('/:userID/'))
    throw new Error(`${method} ${url} has no :userID that could be its owner`)
  return access
}

const FAULTS: Readonly<Record<TokenFault, string>> = {
  untrusted: 'The token is not trusted by this service.',
  expired: 'The token has expired.',
  'not yet valid': 'The token is not valid yet.',
  'other issuer': 'The token is from another issuer.',
  'other audience': 'The token is meant for another audience.',
  'no user': "The token's `sub` is not a valid user ID.",
}

/** Says who sent a request by its bearer token. */
export function identifyCaller(authenticate: Authenticator): onRequestHookHandler {
  return async (request, reply) => {
    const token = bearerToken(request.headers.authorization)
    if (token === undefined) return challenge(reply)
    const verdict = await authenticate(token)
    switch (verdict.kind) {
      case 'authenticated':
        request.caller = verdict.caller
        return
      case 'refused':
        return challenge(reply, FAULTS[verdict.fault])
      case 'unavailable':
        return sendProblem(reply, 'AUTHENTICATION_UNAVAILABLE')
      default:
        return verdict satisfies never
    }
  }
}

/** RFC 6750; the scheme in any case, as RFC 9110 has it. */
function bearerToken(header: string | undefined): string | undefined {
  return /^bearer +([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1]
}

/** RFC 6750: an error is named only if there was a token. */
function challenge(reply: FastifyReply, fault?: string): FastifyReply {
  if (fault === undefined) return sendProblem(reply.header('www-authenticate', 'Bearer'), 'UNAUTHENTICATED')
  reply.header('www-authenticate', `Bearer error="invalid_token", error_description="${fault}"`)
  return sendProblem(reply, 'UNAUTHENTICATED', { detail: fault })
}

/** Users act for themselves, administrators for everyone. */
export function mayActFor(caller: Caller, userID: unknown): boolean {
  return caller.admin || caller.userID === userID
}

/** Before anything else is looked at: the answer is the same for every user in the path, so it tells of none. */
export const requireAdmin: onRequestHookHandler = (request, reply, done) => {
  if (request.caller?.admin === true) {
    done()
    return
  }
  reply.header('www-authenticate', `Bearer error="insufficient_scope", scope="${ADMIN_SCOPE}"`)
  sendProblem(reply, 'FORBIDDEN')
}

/**
 * Someone else's wallet is answered for like one that is not there, by the one answer, whether it is there or not. After
 * validation, as with such a wallet; before the service is asked, so that no answer and no time can tell them apart.
 */
export const requireOwner: preHandlerHookHandler = ({ caller, params }, reply, done) => {
  if (caller !== undefined && mayActFor(caller, userIDOf(params))) done()
  else sendProblem(reply, 'WALLET_NOT_FOUND')
}

function userIDOf(params: unknown): unknown {
  return typeof params === 'object' && params !== null && 'userID' in params ? params.userID : undefined
}
