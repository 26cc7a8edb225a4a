import { availableParallelism } from 'node:os'
import { parseServerAddress, type ServerAddress } from '../../db/address.ts'
import type { Micros } from '../domain/instant.ts'
import type { OTLPSetting } from '../ports/telemetry.ts'
import { KEY_BYTES } from '../ports/transaction-ids.ts'
import { type AuthenticationSetting, parseClaim, parseJWKSURL } from './config/authentication.ts'
import { hidingAll } from './config/hiding.ts'
import { parseNetworks } from './config/networks.ts'
import { parseOrigins } from './config/origins.ts'
import { readOTLP } from './config/otlp.ts'
import { parseWebhookSecrets, parseWebhookURL, SECRET_EXPECTED, type WebhookSetting } from './config/webhook.ts'

/** Everything that the environment says, read once. */
export interface Config {
  readonly port: number
  readonly host: string
  /** `undefined`: the embedded server. */
  readonly database: ServerAddress | undefined
  /** Of a standby, for reads that may be a little old; `undefined`: none. */
  readonly readDatabase: ServerAddress | undefined
  readonly dataDir: string
  readonly logLevel: LogLevel
  /** Newest first: that one signs. None: the one that is kept in the database. */
  readonly transactionIDKeys: readonly Buffer[]
  readonly transactionIDTtl: Micros
  /** How many movements one batch may hold. */
  readonly batchMax: number
  /** How many movements may wait for a batch; past it, `OVERLOADED`. */
  readonly queueMax: number
  /** How many batches may be in flight at once, each on a connection of its own. */
  readonly lanes: number
  /** How many processes share the port. */
  readonly workers: number
  readonly authentication: AuthenticationSetting
  readonly rateLimits: RateLimits
  /** Addresses and networks of proxies that say truly whom they speak for. */
  readonly trustedProxies: readonly string[]
  /** Of pages that may call the service from a browser, beside its own. */
  readonly corsOrigins: readonly string[]
  /** `undefined`: none is sent. */
  readonly webhook: WebhookSetting | undefined
  readonly otlp: OTLPSetting
}

/** At most so many requests in each window of time. */
interface Rate {
  readonly requests: number
  readonly windowMs: number
}

/** `undefined`: no limit. */
interface RateLimits {
  readonly perUser: Rate | undefined
  readonly perAddress: Rate | undefined
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const MAX_PORT = 65_535
const MAX_WORKERS = 64
/** To try an ID that is none of ours with all of them must cost next to nothing. */
const MAX_KEYS = 8
const HOUR: Micros = 3_600_000_000n
const UNITS: Readonly<Record<string, Micros>> = { s: HOUR / 3600n, m: HOUR / 60n, h: HOUR, d: HOUR * 24n }
const DEFAULT_TTL = HOUR * 24n
const MAX_TTL = HOUR * 24n * 3650n

const MAX_RATE = 1_000_000
const WINDOWS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000 }
const BEARER_VARIABLES = ['AUTH_JWKS_URL', 'AUTH_ISSUER', 'AUTH_AUDIENCE'] as const

/** A variable holds what it can't: the message is one line for the person who set it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'

  constructor(variable: string, held: string, expected: string) {
    super(`${variable} is ${held}; expected ${expected}`)
  }
}

/**
 * Reads the environment of this process, and takes away what the database drivers would read there by themselves, such as
 * PGOPTIONS and PGSSLMODE: every setting comes through here.
 *
 * @throws {ConfigError} for the first variable that is wrong.
 */
export function takeConfig(env: NodeJS.ProcessEnv): Config {
  const config = readConfig(env)
  for (const variable of Object.keys(env)) if (variable.startsWith('PG')) delete env[variable]
  return config
}

/** @throws {ConfigError} for the first variable that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  /** An empty value counts as unset, as compose files write it. */
  function read<Value>(
    variable: string,
    fallback: Value,
    expected: string,
    parse: (text: string) => Value | undefined,
    show = JSON.stringify,
  ): Value {
    const text = env[variable]
    if (text === undefined || text === '') return fallback
    const value = parse(text)
    if (value === undefined) throw new ConfigError(variable, show(text), expected)
    return value
  }

  function readCount(variable: string, fallback: number, max: number): number {
    return read(variable, fallback, `a whole number, 1 to ${max}`, wholeNumber(1, max))
  }

  function readRate(variable: string): Rate | undefined {
    return read<Rate | undefined>(variable, undefined, 'requests a second or a minute: 20/s, 600/m', parseRate)
  }

  /** One of the three that say whose tokens are taken: all of them or none. */
  function readIssuing<Value>(variable: string, expected: string, parse: (text: string) => Value | undefined): Value {
    const value = read<Value | undefined>(variable, undefined, expected, parse, hidingPassword)
    if (value !== undefined) return value
    throw new ConfigError(
      variable,
      'not set',
      `${expected}: ${BEARER_VARIABLES.join(', ')} are set together or not at all`,
    )
  }

  function readAuthentication(): AuthenticationSetting {
    const open = read('AUTH', false, 'none, to let anyone who can reach the service do everything', (text) =>
      text === 'none' ? true : undefined,
    )
    const set = BEARER_VARIABLES.find((variable) => env[variable] !== undefined && env[variable] !== '')
    if (set === undefined) return { kind: open ? 'none' : 'loopback only' }
    if (open) throw new ConfigError('AUTH', '"none"', `no value beside ${set}`)
    return {
      kind: 'bearer',
      jwksURL: readIssuing('AUTH_JWKS_URL', "the https:// address of the issuer's key set", parseJWKSURL),
      issuer: readIssuing('AUTH_ISSUER', 'the issuer as tokens name it (iss)', parseClaim),
      audience: readIssuing('AUTH_AUDIENCE', 'the audience as tokens name it (aud)', parseClaim),
    }
  }

  function readRateLimits(): RateLimits {
    const perUser = readRate('RATE_LIMIT_PER_USER')
    if (perUser !== undefined && authentication.kind !== 'bearer')
      throw new ConfigError(
        'RATE_LIMIT_PER_USER',
        'set',
        'no value without AUTH_JWKS_URL: only a token says who a user is',
      )
    return { perUser, perAddress: readRate('RATE_LIMIT_PER_ADDRESS') }
  }

  function readWebhook(): WebhookSetting | undefined {
    const allowHTTP = read('WEBHOOK_ALLOW_HTTP', false, 'true, to let WEBHOOK_URL be http://', (text) =>
      text === 'true' ? true : undefined,
    )
    const url = read<URL | undefined>(
      'WEBHOOK_URL',
      undefined,
      'an https:// address without user and password; http:// only on this machine, or with WEBHOOK_ALLOW_HTTP=true',
      (text) => parseWebhookURL(text, allowHTTP),
      // Receivers may have a secret anywhere in their addresses.
      hidingAll,
    )
    const secrets = read<WebhookSetting['secrets'] | undefined>(
      'WEBHOOK_SECRET',
      undefined,
      SECRET_EXPECTED,
      parseWebhookSecrets,
      hidingAll,
    )
    if (url === undefined && secrets === undefined) return undefined
    if (url === undefined) throw new ConfigError('WEBHOOK_URL', 'not set', 'an address beside WEBHOOK_SECRET')
    if (secrets === undefined) throw new ConfigError('WEBHOOK_SECRET', 'not set', SECRET_EXPECTED)
    return { url, secrets }
  }

  function readAddress(
    variable: string,
    hosts: string,
    parse: (url: string) => ServerAddress | undefined,
  ): ServerAddress | undefined {
    const expected = `postgres://user:password@host:port/database, with ?sslmode=disable, require or verify-full; ${hosts}`
    return read<ServerAddress | undefined>(variable, undefined, expected, parse, withoutPassword)
  }

  function readStandby(): ServerAddress | undefined {
    const address = readAddress('READ_DATABASE_URL', 'with one host, and no target_session_attrs', (url) => {
      const standby = parseServerAddress(url)
      return standby?.target === undefined && standby?.others === undefined ? standby : undefined
    })
    if (address !== undefined && database === undefined)
      throw new ConfigError('READ_DATABASE_URL', 'set', 'no value without DATABASE_URL, whose standby it is')
    return address
  }

  const authentication = readAuthentication()
  const database = readAddress(
    'DATABASE_URL',
    'or with up to 8 hosts (host1:port1,host2:port2) and target_session_attrs=any, read-write or primary',
    parseServerAddress,
  )

  return Object.freeze<Config>({
    port: read('PORT', 8080, `a port number, 0 (any free one) to ${MAX_PORT}`, wholeNumber(0, MAX_PORT)),
    host: read('HOST', '127.0.0.1', 'an address or a host name to listen on', (text) =>
      /^\S+$/.test(text) ? text : undefined,
    ),
    database,
    readDatabase: readStandby(),
    dataDir: read('DATA_DIR', './data', 'a folder', (text) => (text.includes('\0') ? undefined : text)),
    logLevel: read<LogLevel>('LOG_LEVEL', 'info', LOG_LEVELS.join(', '), (text) =>
      LOG_LEVELS.find((level) => level === text),
    ),
    transactionIDKeys: read<readonly Buffer[]>(
      'TRANSACTION_ID_KEY',
      [],
      `${KEY_BYTES} bytes in base64, as 'openssl rand -base64 ${KEY_BYTES}' prints them, or up to ${MAX_KEYS} of those, newest first, with commas between them`,
      parseKeys,
      hidingAll,
    ),
    transactionIDTtl: read(
      'TRANSACTION_ID_TTL',
      DEFAULT_TTL,
      `a whole number and a unit: 90s, 15m, 24h, 7d; at most 3650d`,
      parseDuration,
    ),
    batchMax: readCount('BATCH_MAX', 512, 4096),
    queueMax: readCount('QUEUE_MAX', 4096, 1_000_000),
    lanes: readCount('LANES', 2, 32),
    workers: read(
      'WORKERS',
      1,
      `a whole number, 1 to ${MAX_WORKERS}, or auto: one fewer than there are processors`,
      (text) => (text === 'auto' ? Math.max(1, availableParallelism() - 1) : wholeNumber(1, MAX_WORKERS)(text)),
    ),
    authentication,
    rateLimits: readRateLimits(),
    trustedProxies: read<readonly string[]>(
      'TRUST_PROXY',
      [],
      'addresses and networks of proxies, with commas between them: 10.0.0.0/8,::1',
      parseNetworks,
    ),
    corsOrigins: read<readonly string[]>(
      'CORS_ORIGINS',
      [],
      'origins as browsers write them, with commas between them and no path, no * and no / at the end: https://shop.example,http://localhost:3000',
      parseOrigins,
      hidingPassword,
    ),
    webhook: readWebhook(),
    otlp: readOTLP(read),
  })
}

/** Parses a whole number from `min` to `max`, written in digits. */
function wholeNumber(min: number, max: number): (text: string) => number | undefined {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : undefined
  }
}

function parseKeys(text: string): readonly Buffer[] | undefined {
  const keys = text
    .split(/[\s,]+/)
    .filter((each) => each !== '')
    .map(parseKey)
  if (keys.length === 0 || keys.length > MAX_KEYS) return undefined
  return keys.every((key) => key !== undefined) ? keys : undefined
}

function parseKey(text: string): Buffer | undefined {
  const key = Buffer.from(text, 'base64')
  return key.length === KEY_BYTES && /^[A-Za-z0-9+/]{43}=$/.test(text) ? key : undefined
}

function parseDuration(text: string): Micros | undefined {
  const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(text) ?? []
  const unitLength = unit === undefined ? undefined : UNITS[unit]
  if (count === undefined || unitLength === undefined) return undefined
  const length = BigInt(count) * unitLength
  return length <= MAX_TTL ? length : undefined
}

function parseRate(text: string): Rate | undefined {
  const [, count, unit] = /^([1-9]\d{0,6})\/([sm])$/.exec(text) ?? []
  const windowMs = unit === undefined ? undefined : WINDOWS_MS[unit]
  const requests = Number(count)
  return windowMs === undefined || requests > MAX_RATE ? undefined : { requests, windowMs }
}

/** A URL with an @ in it may have a password before that. */
function hidingPassword(text: string): string {
  return text.includes('@') ? `${text.length} characters (not shown: a password may be in them)` : JSON.stringify(text)
}

/** What a URL of a database is made of, written as it should be: then it is known where the password stands. */
const DATABASE_URL_PARTS =
  /^([\w+]+:\/\/[^:/?#@]*)(:[^/?#@]*)?(@[^:/?#@]*(?::\d*)?(?:,[^:/?#@,]*:\d*)*(?:\/[^?#@]*)?(?:[?&](?:sslmode|host|target_session_attrs)=[^?&#@]*)*)$/

/** If the password may stand anywhere, nothing is shown. */
function withoutPassword(url: string): string {
  const [, login, password, rest] = DATABASE_URL_PARTS.exec(url) ?? []
  if (login === undefined || rest === undefined)
    return `${url.length} characters (not shown: a password may be in them)`
  return JSON.stringify(`${login}${password === undefined ? '' : ':…'}${rest}`)
}
