import { once } from 'node:events'
import { request as httpRequest, METHODS } from 'node:http'
import type { Socket } from 'node:net'
import { type Logger, pino } from 'pino'
import { migrationNames } from '../../../db/migrate.ts'
import type { App } from '../../../src/adapters/fastify/app.ts'
import type { RateLimits } from '../../../src/adapters/fastify/gate/rate-limits.ts'
import type { HTTPTimeouts } from '../../../src/adapters/fastify/http.ts'
import { buildServer } from '../../../src/adapters/fastify/server.ts'
import { watchConnections } from '../../../src/adapters/fastify/wire/drain.ts'
import { createMemoryWalletStore } from '../../../src/adapters/memory/wallet-store.ts'
import { createPostgresWalletStore } from '../../../src/adapters/postgres/wallet-store.ts'
import type { Prometheus } from '../../../src/adapters/prometheus/metrics.ts'
import { createSignedTransactionIDs } from '../../../src/adapters/signed-transaction-ids/transaction-ids.ts'
import { LIVE_BOUNDS, READ_CONNECTIONS, serviceBounds } from '../../../src/app/bounds.ts'
import { readConfig } from '../../../src/app/config.ts'
import { createInspection } from '../../../src/app/inspection.ts'
import { createLive, type Live, type LiveBounds } from '../../../src/app/live.ts'
import type { StandbyReads } from '../../../src/app/standby-reads.ts'
import { createWalletService, type ServiceBounds } from '../../../src/app/wallet-service.ts'
import { after, type Instant, type Micros, toInstant } from '../../../src/domain/instant.ts'
import type { Authenticator } from '../../../src/ports/authenticator.ts'
import type { LedgerReads } from '../../../src/ports/inspection.ts'
import type { LiveWallets } from '../../../src/ports/live.ts'
import { NO_TELEMETRY } from '../../../src/ports/telemetry.ts'
import { KEY_BYTES } from '../../../src/ports/transaction-ids.ts'
import type { Readiness, WalletService } from '../../../src/ports/wallet-service.ts'
import type { WalletStore } from '../../../src/ports/wallet-store.ts'
import { createTestDatabase } from '../database/database.ts'
import type { Lifetime } from '../lifetime.ts'

export const SECOND: Micros = 1_000_000n
export const HOUR: Micros = 3600n * SECOND
export const TTL: Micros = 24n * HOUR
/** 2024-12-16T03:59:02.608558Z */
export const START = toInstant(1_734_321_542_608_558n)

/** Signs the transaction IDs of {@link startHTTP}. */
export const KEY = Buffer.alloc(KEY_BYTES, 7)

const DEFAULTS = readConfig({})
export const DEFAULT_BOUNDS = serviceBounds(DEFAULTS)

/** Of a stream that a test reads to its end: long enough for what is there already. */
const STREAM_LIFE_MS = 200

export interface SettableClock {
  (): Instant
  /** Forwards, or backwards where it is negative. */
  move(by: Micros): void
}

export function settableClock(start: Instant = START): SettableClock {
  let now = start
  return Object.assign(() => now, {
    move(by: Micros) {
      now = after(now, by)
    },
  })
}

export type Body = Record<string, unknown>

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly raw: Buffer
  readonly text: string
  /** The body as JSON; empty where it is no object. */
  readonly body: Body
}

export interface Call {
  readonly method: string
  readonly path: string
  /** An object goes as JSON; text and bytes go as they stand, as `application/json` unless `headers` say otherwise. */
  readonly body?: object | string | Buffer | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request and waits for its answer. */
export type Send = (call: Call) => Promise<Answer>

export interface TestHTTP {
  readonly app: App
  readonly service: WalletService
  readonly live: Live
  /** Through Fastify's `inject`. */
  readonly send: Send
  readonly clock: SettableClock
  /** What was logged, a parsed line each. */
  readonly log: readonly Body[]
  /** Declares the ledger restored, which the service knows at once; only over the memory store that it has by itself. */
  beginEpoch(): Promise<void>
}

export interface HTTPOptions {
  readonly store?: WalletStore
  readonly service?: WalletService
  /** The same for a service that changes meanwhile; `undefined` while its database has not answered yet. */
  readonly serviceNow?: () => WalletService | undefined
  /** And who tells those who follow its wallets. */
  readonly liveNow?: () => LiveWallets
  readonly liveBounds?: LiveBounds
  readonly streamLifeMs?: number
  /** What the console looks at; the memory store's own unless told otherwise. */
  readonly ledger?: LedgerReads
  /** Where the webhook goes; there is none unless told otherwise. */
  readonly webhookOrigin?: string
  readonly bounds?: ServiceBounds
  /** There is none unless told otherwise. */
  readonly standby?: StandbyReads
  readonly readiness?: Readiness
  readonly timeouts?: HTTPTimeouts
  /** How late the event loop is; never, unless told otherwise: how busy the machine is must not change an answer. */
  readonly eventLoopLatenessMs?: () => number
  readonly clock?: SettableClock
  readonly authenticate?: Authenticator
  readonly rateLimits?: RateLimits
  readonly trustedProxies?: readonly string[]
  readonly corsOrigins?: readonly string[]
  /** Who measures; no one unless told otherwise. */
  readonly prometheus?: Prometheus
  /** Errors that the test brings about itself; otherwise a line of level error fails it. */
  readonly expectErrors?: boolean
}

const ERROR_LEVEL = 50

/** The service behind its HTTP adapter, over the memory store unless told otherwise. */
export async function startHTTP(t: Lifetime, options: HTTPOptions = {}): Promise<TestHTTP> {
  const { prometheus, clock = settableClock() } = options
  const memory = createMemoryWalletStore(clock)
  const store = options.store ?? memory
  const transactionIDs = createSignedTransactionIDs([KEY])
  const live = createLive(store, options.liveBounds ?? LIVE_BOUNDS)
  const service =
    options.service ??
    createWalletService({
      store,
      clock,
      transactionIDs,
      transactionIDTtl: TTL,
      bounds: options.bounds ?? DEFAULT_BOUNDS,
      standby: options.standby,
      committed: live.committed,
      ...(prometheus && { telemetry: { ...NO_TELEMETRY, ...prometheus.metrics } }),
    })
  const inspection = createInspection(options.ledger ?? memory, options.webhookOrigin)
  const log: Body[] = []
  const logger = memoryLogger(log)
  const app = await buildServer({
    services() {
      const wallets = options.serviceNow === undefined ? service : options.serviceNow()
      return wallets && { wallets, inspection, live: options.liveNow?.() ?? live }
    },
    readiness: options.readiness ?? (async () => 'ready'),
    logger,
    logRequest(entry) {
      logger.info(entry, 'request')
      prometheus?.countRequest(entry)
    },
    metrics: prometheus?.page,
    version: '1.2.3',
    authenticate: options.authenticate,
    ...(options.rateLimits && { rateLimits: options.rateLimits }),
    ...(options.trustedProxies && { trustedProxies: options.trustedProxies }),
    ...(options.corsOrigins && { corsOrigins: options.corsOrigins }),
    ...(options.timeouts && { timeouts: options.timeouts }),
    streamLifeMs: options.streamLifeMs ?? STREAM_LIFE_MS,
    eventLoopLatenessMs: options.eventLoopLatenessMs ?? (() => 0),
  })
  t.teardown(async () => {
    await app.close()
    const errors = log.filter(({ level }) => Number(level) >= ERROR_LEVEL)
    if (options.expectErrors !== true && errors.length > 0)
      throw new Error(`errors were logged: ${JSON.stringify(errors)}`)
  })
  async function beginEpoch() {
    memory.beginEpoch()
    transactionIDs.enter(await memory.epochs())
  }
  return { app, service, live, send: injecting(app), clock, log, beginEpoch }
}

/** The same over PostgreSQL, whose clock is the database's own: the service's clock only dates transaction IDs. */
export async function startHTTPOverPostgres(t: Lifetime, options: HTTPOptions = {}): Promise<TestHTTP> {
  const address = await createTestDatabase(t)
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const store = createPostgresWalletStore({
    address,
    schemaVersion,
    writeConnections: DEFAULTS.lanes,
    readConnections: READ_CONNECTIONS,
  })
  t.teardown(() => store.close())
  const clock = settableClock(toInstant(BigInt(Date.now()) * 1000n))
  return startHTTP(t, { clock, ledger: store, ...options, store })
}

export interface Listening {
  readonly port: number
  /** Over a socket on 127.0.0.1; the path goes out exactly as it stands. */
  readonly send: Send
  readonly drain: (limitMs: number, idleMs?: number) => Promise<void>
}

export async function listen(t: Lifetime, { app }: TestHTTP): Promise<Listening> {
  const drain = watchConnections(app.server)
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket) => sockets.add(socket))
  app.server.listen(0, '127.0.0.1')
  await once(app.server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return { port: address.port, send: overSocket(address.port), drain }
}

function memoryLogger(lines: Body[]): Logger {
  return pino({ level: 'trace', base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
}

function injecting(app: App): Send {
  return async ({ method, path, body, headers }) => {
    const response = await app.inject({
      method: toMethod(method),
      url: path,
      headers: { ...contentType(body), ...headers },
      ...(body !== undefined && { payload: toPayload(body) }),
    })
    return toAnswer(response.statusCode, response.headers, response.rawPayload)
  }
}

type InjectMethod = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS'

/** `inject` takes every method that Node knows; its types name the usual ones. */
function toMethod(method: string): InjectMethod {
  if (!METHODS.includes(method)) throw new Error(`Node knows no method ${method}`)
  return method as InjectMethod
}

export function overSocket(port: number): Send {
  return async ({ method, path, body, headers }) => {
    const payload = body === undefined ? undefined : toPayload(body)
    const length = payload === undefined ? undefined : { 'content-length': String(Buffer.byteLength(payload)) }
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      headers: { ...contentType(body), ...length, ...headers },
    })
    request.end(payload)
    const [response] = await once(request, 'response')
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk)
    return toAnswer(response.statusCode, response.headers, Buffer.concat(chunks))
  }
}

function contentType(body: Call['body']): Record<string, string> {
  return body === undefined ? {} : { 'content-type': 'application/json' }
}

function toPayload(body: object | string | Buffer): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}

export function toAnswer(status: number, headers: Readonly<Record<string, unknown>>, raw: Buffer): Answer {
  const text = raw.toString('utf8')
  return {
    status,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === undefined ? undefined : String(value)]),
    ),
    raw,
    text,
    body: parseObject(text),
  }
}

function parseObject(text: string): Body {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
