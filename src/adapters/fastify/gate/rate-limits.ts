import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { App } from '../app.ts'
import { sendProblem } from '../wire/problem.ts'
import { subscriberOf } from './caller-address.ts'

/** So many requests in each window of time. */
export interface Rate {
  readonly requests: number
  readonly windowMs: number
}

/** `undefined`: no limit. */
export interface RateLimits {
  /** Of each authenticated user but administrators, who act for many. */
  readonly perUser: Rate | undefined
  readonly perAddress: Rate | undefined
}

/** Counts are kept for so many; past it the one that was counted longest ago is forgotten. */
const MAX_COUNTED = 100_000

export interface RateLimitHooks {
  /** Before the token is looked at: to check one is what costs most. */
  readonly perAddress: onRequestHookHandler[]
  /** After it. */
  readonly perUser: onRequestHookHandler[]
}

/** Nothing if nothing is limited. Counts are of this instance only, and gone when it ends. */
export async function createRateLimits(app: App, { perUser, perAddress }: RateLimits): Promise<RateLimitHooks> {
  if (perUser === undefined && perAddress === undefined) return { perAddress: [], perUser: [] }
  await app.register(rateLimit, { global: false })
  return {
    perAddress: perAddress === undefined ? [] : [limitTo(app, perAddress, addressOf)],
    perUser: perUser === undefined ? [] : [limitTo(app, perUser, userOf)],
  }
}

function addressOf({ address }: FastifyRequest): string | undefined {
  return address === undefined ? undefined : subscriberOf(address)
}

/** Administrators act for many: no user's limit is theirs. */
function userOf({ caller }: FastifyRequest): string | undefined {
  return caller?.admin === true ? undefined : caller?.userID
}

/** @param keyOf whom to count a request for; `undefined`: no one. */
function limitTo(app: App, rate: Rate, keyOf: (request: FastifyRequest) => string | undefined): onRequestHookHandler {
  const options = {
    max: rate.requests,
    timeWindow: rate.windowMs,
    // Taken, though the plugin's types leave it out; 5000 without it.
    cache: MAX_COUNTED,
    keyGenerator: (request: FastifyRequest) => keyOf(request) ?? '',
  }
  const count = app.createRateLimit(options)
  return async (request, reply) => {
    if (keyOf(request) === undefined) return
    const counted = await count(request)
    if (counted.isAllowed || !counted.isExceeded) return
    return sendProblem(reply.header('retry-after', Math.max(1, counted.ttlInSeconds)), 'TOO_MANY_REQUESTS')
  }
}
