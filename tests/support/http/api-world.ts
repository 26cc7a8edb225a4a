import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { Test } from 'tap'
import type { UserID } from '../../../src/domain/user-id.ts'
import type { Authenticator } from '../../../src/ports/authenticator.ts'
import type { Readiness, WalletService } from '../../../src/ports/wallet-service.ts'
import { type Answer, type Call, type HTTPOptions, listen, type Send, startHTTP, toAnswer } from './http.ts'
import { bearer } from './issuer.ts'
import { connectRaw } from './raw-client.ts'
import { createServiceOverMemory, TTL } from './service-over-memory.ts'
import { createWalletClient, type WalletClient, walletPath } from './wallet-client.ts'

export interface APIWorld {
  readonly send: Send
  readonly client: WalletClient
  /** What the service is made of from here on. */
  use(service: WalletService | undefined): void
  /** An empty ledger, and everything works. */
  renew(): void
  readyAs(readiness: Readiness): void
  /** Lets a transaction ID expire. */
  advance(): void
  /** Declares the ledger restored. */
  restored(): Promise<void>
  /** Sends a request to a server that tells callers apart, with this token: the ID of a user, or {@link UNCHECKABLE}. */
  sendAs(token: string | undefined, call: Call): Promise<Answer>
  /** Sends a request to a server that has had as many as it takes. */
  readonly sendTooMuch: Send
  /** Reads the events of a wallet up to the first one that says more than an id. */
  readEvents(path: string, lastID: number): Promise<Answer>
  /** Sends a request that has no Host header. */
  sendWithoutHost(path: string): Promise<Answer>
}

/** The token that no one can check. */
export const UNCHECKABLE = 'uncheckable'

/** No one is an administrator. */
const authenticate: Authenticator = async (token) =>
  token === UNCHECKABLE
    ? { kind: 'unavailable' }
    : { kind: 'authenticated', caller: { userID: token as UserID, admin: false, goodForMs: Number.POSITIVE_INFINITY } }

/** A stream is read as far as it is needed, then closed. */
const LONGER_THAN_THE_TEST_MS = 3_600_000

const ONE_IN_AN_HOUR = { requests: 1, windowMs: 3_600_000 }

/** Servers of one service, which can be changed while they run. */
export async function startAPIWorld(t: Test): Promise<APIWorld> {
  let memory = createServiceOverMemory()
  let current: WalletService | undefined = memory.service
  let readiness: Readiness = async () => 'ready'
  const options: HTTPOptions = {
    serviceNow: () => current,
    liveNow: () => memory.live,
    streamLifeMs: LONGER_THAN_THE_TEST_MS,
    readiness: () => readiness(),
    expectErrors: true,
  }
  const http = await startHTTP(t, options)
  const guarded = await startHTTP(t, { ...options, authenticate })
  const limited = await startHTTP(t, { ...options, rateLimits: { perUser: undefined, perAddress: ONE_IN_AN_HOUR } })
  await limited.send({ method: 'GET', path: walletPath('anybody') })
  const { port } = await listen(t, http)
  return {
    send: http.send,
    client: createWalletClient(http.send),
    use(service) {
      current = service
    },
    renew() {
      memory = createServiceOverMemory()
      current = memory.service
      readiness = async () => 'ready'
    },
    readyAs(next) {
      readiness = next
    },
    sendAs: (token, call) => guarded.send({ ...call, ...(token !== undefined && { headers: bearer(token) }) }),
    sendTooMuch: limited.send,
    advance: () => memory.advance(TTL),
    restored: () => memory.beginEpoch(),
    async readEvents(path, lastID) {
      const headers = { 'last-event-id': String(lastID) }
      const request = httpRequest({ host: '127.0.0.1', port, path, agent: false, headers })
      request.end()
      const [response] = await once(request, 'response')
      let text = ''
      for await (const piece of response.setEncoding('utf8')) {
        text += piece
        if (/^data: .*\n\n/m.test(text)) break
      }
      return toAnswer(response.statusCode, response.headers, Buffer.from(text))
    },
    async sendWithoutHost(path) {
      const raw = await connectRaw(t, port)
      raw.write(`GET ${path} HTTP/1.1\r\n\r\n`)
      return raw.answer()
    },
  }
}
