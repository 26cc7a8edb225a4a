import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import type { Test } from 'tap'
import { createJWTAuthenticator, KEY_SET_LIMITS, type KeySetLimits } from '../../../src/adapters/jwt/authenticator.ts'
import { ADMIN_SCOPE, type Authenticator } from '../../../src/ports/authenticator.ts'

/** Its keys are made in no time, those of RSA in half a second. */
const ALGORITHM = 'ES256'
const AUDIENCE = 'wallet'
const NAME = 'https://issuer.example/'
const HOUR_S = 3600

/** Of any kind, since a forger writes what they like. */
type Claims = Readonly<Record<string, unknown>>

/** What a test wants to be different about a token. */
export interface TokenOptions {
  readonly claims?: Claims
  readonly header?: { readonly alg?: string; readonly kid?: string }
  readonly key?: CryptoKey | Uint8Array
}

/** Someone who issues tokens, with a real HTTP server for the keys. */
export interface Issuer {
  readonly jwksURL: URL
  readonly settings: { readonly jwksURL: URL; readonly issuer: string; readonly audience: string }
  /** Of an hour, for our audience, unless told otherwise; a claim that is `undefined` is left out. */
  token(userID: string, options?: TokenOptions): Promise<string>
  tokenWithoutKeyID(userID: string): Promise<string>
  admin(userID?: string): Promise<string>
  /** Every kind of token that must not be taken, each for this user. */
  wrongTokens(userID: string): Promise<Readonly<Record<string, string>>>
  /** A new key; the old one is in the key set no longer. */
  rotate(): Promise<void>
  /** Adds to the key set. */
  publish(jwk: object): void
  /** How often the key set was asked for. */
  fetches(): number
  /** From now on the key set is answered for like this; left out, as it should be. */
  answerWith(answer?: (response: ServerResponse) => void): void
  stop(): Promise<void>
  start(): Promise<void>
}

export async function createIssuer(t: Test): Promise<Issuer> {
  let fetches = 0
  let rotations = 0
  let pair = await generateKeyPair(ALGORITHM, { extractable: true })
  let kid = 'key 0'
  let keys: object[] = [await publicJWK()]
  let answer: ((response: ServerResponse) => void) | undefined
  const server = createServer((_request, response) => {
    fetches += 1
    if (answer === undefined) response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
    else answer(response)
  })

  async function publicJWK() {
    return { ...(await exportJWK(pair.publicKey)), kid, alg: ALGORITHM, use: 'sig' }
  }

  async function listen(port: number): Promise<number> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the issuer does not listen on a port')
    return address.port
  }

  async function stop(): Promise<void> {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }

  const port = await listen(0)
  t.teardown(async () => {
    if (server.listening) await stop()
  })
  const jwksURL = new URL(`http://127.0.0.1:${port}/keys`)
  const now = () => Math.floor(Date.now() / 1000)

  function claimsOf(userID: string, claims: Claims = {}): JWTPayload {
    return { iss: NAME, aud: AUDIENCE, iat: now(), exp: now() + HOUR_S, sub: userID, ...claims }
  }

  const issuer: Issuer = {
    jwksURL,
    settings: { jwksURL, issuer: NAME, audience: AUDIENCE },
    tokenWithoutKeyID: (userID) =>
      new SignJWT(claimsOf(userID)).setProtectedHeader({ alg: ALGORITHM }).sign(pair.privateKey),
    token: (userID, { claims, header, key } = {}) =>
      new SignJWT(claimsOf(userID, claims))
        .setProtectedHeader({ alg: ALGORITHM, kid, ...header })
        .sign(key ?? pair.privateKey),
    admin: (userID = 'operator') => issuer.token(userID, { claims: { scope: `openid ${ADMIN_SCOPE}` } }),
    async wrongTokens(userID) {
      const good = await issuer.token(userID)
      const [head = '', , signature = ''] = good.split('.')
      const admin = Buffer.from(JSON.stringify(claimsOf(userID, { scope: ADMIN_SCOPE }))).toString('base64url')
      const stranger = await generateKeyPair(ALGORITHM)
      const secret = Buffer.from(await exportSPKI(pair.publicKey))
      const claiming = (claims: Claims) => issuer.token(userID, { claims })
      return {
        expired: await claiming({ exp: now() - 60 }),
        'not yet valid': await claiming({ nbf: now() + 60 }),
        'no expiry': await claiming({ exp: undefined }),
        'wrong audience': await claiming({ aud: 'another' }),
        'wrong issuer': await claiming({ iss: 'https://other.example/' }),
        '`alg: none`': new UnsecuredJWT(claimsOf(userID)).encode(),
        'HS256 with the public key': await issuer.token(userID, { header: { alg: 'HS256' }, key: secret }),
        'wrong key': await issuer.token(userID, { key: stranger.privateKey }),
        'unknown kid': await issuer.token(userID, { header: { kid: 'stranger' }, key: stranger.privateKey }),
        'claims changed after signing': `${head}.${admin}.${signature}`,
        garbage: 'garbage',
        'no `sub`': await claiming({ sub: undefined }),
        '`sub` is no user ID': await claiming({ sub: ' x' }),
      }
    },
    async rotate() {
      rotations += 1
      pair = await generateKeyPair(ALGORITHM, { extractable: true })
      kid = `key ${rotations}`
      keys = [await publicJWK()]
    },
    publish: (jwk) => void keys.push(jwk),
    fetches: () => fetches,
    answerWith(how) {
      answer = how
    },
    stop,
    async start() {
      await listen(port)
    },
  }
  return issuer
}

/** An authenticator that takes this issuer's tokens, and what it says of the keys. */
export function trusting(
  issuer: Issuer,
  limits: Partial<KeySetLimits> = {},
): { authenticate: Authenticator; said: string[] } {
  const said: string[] = []
  const authenticate = createJWTAuthenticator({
    ...issuer.settings,
    onUnavailable: (reason) => void said.push(reason),
    limits: { ...KEY_SET_LIMITS, ...limits },
  })
  return { authenticate, said }
}

/** As a request carries it. */
export function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` }
}
