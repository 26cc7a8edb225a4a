import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { parseUserID } from '../../domain/user-id.ts'
import { ADMIN_SCOPE, type Authenticator, type TokenFault, type Verdict } from '../../ports/authenticator.ts'
import { TIMEOUTS_MS } from '../../timeouts.ts'

/** All of them asymmetric: with a secret that both sides share, anyone who can check a token could make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** How far the issuer's clock may be from ours. */
const CLOCK_TOLERANCE_S = 5

export interface KeySetLimits {
  /** A token with an unknown key has the key set fetched again, this long after the last time at the earliest. */
  readonly cooldownMs: number
  /** After this the key set is fetched again before it is used: a key that was withdrawn is trusted no longer. */
  readonly maxAgeMs: number
  readonly timeoutMs: number
}

export const KEY_SET_LIMITS: KeySetLimits = {
  cooldownMs: 30_000,
  maxAgeMs: 10 * 60_000,
  timeoutMs: TIMEOUTS_MS.keySet,
}

export interface JWTOptions {
  readonly jwksURL: URL
  readonly issuer: string
  readonly audience: string
  /** Told why tokens cannot be checked: each reason once, until they can be again. */
  readonly onUnavailable: (reason: string) => void
  /** {@link KEY_SET_LIMITS} unless told otherwise. */
  readonly limits?: KeySetLimits
}

/** The keys cannot be had, or not used: no token's fault. */
class KeySetError extends Error {
  override readonly name = 'KeySetError'
}

/** Tells callers by JSON Web Tokens (RFC 7519) that an issuer signed with a key of its JSON Web Key Set. */
export function createJWTAuthenticator(options: JWTOptions): Authenticator {
  const { jwksURL, issuer, audience, onUnavailable, limits = KEY_SET_LIMITS } = options
  const keySet = createRemoteJWKSet(jwksURL, {
    cooldownDuration: limits.cooldownMs,
    cacheMaxAge: limits.maxAgeMs,
    timeoutDuration: limits.timeoutMs,
  })
  const findKey: JWTVerifyGetKey = async (header, token) => {
    try {
      return await keySet(header, token)
    } catch (error) {
      if (namesNoKey(error)) throw error
      throw new KeySetError(reasonOf(error), { cause: error })
    }
  }
  const checks = {
    algorithms: ALGORITHMS,
    issuer,
    audience,
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['sub', 'exp'],
  }
  let said = ''

  function unavailable(reason: string): Verdict {
    if (reason !== said) onUnavailable(`tokens cannot be checked: ${reason}`)
    said = reason
    return { kind: 'unavailable' }
  }

  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, findKey, checks)
      said = ''
      return verdictOf(payload)
    } catch (error) {
      // What jose does not count among the faults of a token is a key that it cannot use.
      if (!(error instanceof errors.JOSEError)) return unavailable(reasonOf(error))
      return { kind: 'refused', fault: faultOf(error) }
    }
  }
}

/** The key set is there, and has no key for this token, or several: then the token must say which. */
function namesNoKey(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  )
}

function verdictOf(payload: JWTPayload): Verdict {
  // Whatever its type says: jose looks at a `sub` only if it must be a certain one.
  const sub: unknown = payload.sub
  const userID = typeof sub === 'string' ? parseUserID(sub) : undefined
  if (userID === undefined) return { kind: 'refused', fault: 'no user' }
  const scopes = [...scopesOf(payload.scope), ...scopesOf(payload.scp)]
  const goodForMs = ((payload.exp ?? 0) + CLOCK_TOLERANCE_S) * 1000 - Date.now()
  return { kind: 'authenticated', caller: { userID, admin: scopes.includes(ADMIN_SCOPE), goodForMs } }
}

/** Scopes stand in one text with spaces between them (RFC 8693) or, as some issuers write them, in an array. */
function scopesOf(claim: unknown): unknown[] {
  if (typeof claim === 'string') return claim.split(' ')
  return Array.isArray(claim) ? claim : []
}

function faultOf(error: errors.JOSEError): TokenFault {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'untrusted'
  switch (error.claim) {
    case 'nbf':
      return 'not yet valid'
    case 'iss':
      return 'other issuer'
    case 'aud':
      return 'other audience'
    case 'sub':
      return 'no user'
    default:
      return 'untrusted'
  }
}

/** An error in words. None of them holds anything of a token. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && !(error instanceof KeySetError)
    ? `${error.message}: ${error.cause.message}`
    : error.message
}
