import type { Micros } from '../domain/instant.ts'
import { parseServerAddress, type ServerAddress } from '../ports/server-address.ts'
import { KEY_BYTES } from '../ports/transaction-ids.ts'

/** Everything that the environment says, read once. */
export interface Config {
  readonly port: number
  readonly host: string
  /** `undefined`: the embedded server. */
  readonly database: ServerAddress | undefined
  readonly dataDir: string
  readonly logLevel: LogLevel
  /** `undefined`: the one that is kept in the database. */
  readonly transactionIDKey: Buffer | undefined
  readonly transactionIDTtl: Micros
  /** How many movements one batch may hold. */
  readonly batchMax: number
  /** How many movements may wait for a batch; past it, `OVERLOADED`. */
  readonly queueMax: number
  /** How many batches may be in flight at once, each on a connection of its own. */
  readonly lanes: number
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const MAX_PORT = 65_535
const HOUR: Micros = 3_600_000_000n
const UNITS: Readonly<Record<string, Micros>> = { s: HOUR / 3600n, m: HOUR / 60n, h: HOUR, d: HOUR * 24n }
const DEFAULT_TTL = HOUR * 24n
const MAX_TTL = HOUR * 24n * 3650n

/** A variable holds what it can't: the message is one line for the person who set it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'

  constructor(variable: string, held: string, takes: string) {
    super(`${variable} is ${held}; it takes ${takes}`)
  }
}

/** @throws {ConfigError} for the first variable that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  /** An empty value counts as unset, as compose files write it. */
  function read<Value>(
    variable: string,
    fallback: Value,
    takes: string,
    parse: (text: string) => Value | undefined,
    show = JSON.stringify,
  ): Value {
    const text = env[variable]
    if (text === undefined || text === '') return fallback
    const value = parse(text)
    if (value === undefined) throw new ConfigError(variable, show(text), takes)
    return value
  }

  function readCount(variable: string, fallback: number, max: number): number {
    return read(variable, fallback, `a whole number, 1 to ${max}`, wholeNumber(1, max))
  }

  return Object.freeze<Config>({
    port: read('PORT', 8080, `a port number, 0 (any free one) to ${MAX_PORT}`, wholeNumber(0, MAX_PORT)),
    host: read('HOST', '127.0.0.1', 'an address or a host name to listen on', (text) =>
      /^\S+$/.test(text) ? text : undefined,
    ),
    database: read<ServerAddress | undefined>(
      'DATABASE_URL',
      undefined,
      'postgres://user:password@host:port/database, with ?sslmode=disable, require or verify-full',
      parseServerAddress,
      withoutPassword,
    ),
    dataDir: read('DATA_DIR', './data', 'a folder', (text) => (text.includes('\0') ? undefined : text)),
    logLevel: read<LogLevel>('LOG_LEVEL', 'info', LOG_LEVELS.join(', '), (text) =>
      LOG_LEVELS.find((level) => level === text),
    ),
    transactionIDKey: read<Buffer | undefined>(
      'TRANSACTION_ID_KEY',
      undefined,
      `${KEY_BYTES} bytes in base64, as 'openssl rand -base64 ${KEY_BYTES}' prints them`,
      parseKey,
      (text) => `${text.length} characters (not shown)`,
    ),
    transactionIDTtl: read(
      'TRANSACTION_ID_TTL',
      DEFAULT_TTL,
      `a whole number and a unit: 90s, 15m, 24h, 7d; at most 3650d`,
      parseDuration,
    ),
    batchMax: readCount('BATCH_MAX', 512, 4096),
    queueMax: readCount('QUEUE_MAX', 1024, 1_000_000),
    lanes: readCount('LANES', 2, 32),
  })
}

/** Parses a whole number from `min` to `max`, written in digits. */
function wholeNumber(min: number, max: number): (text: string) => number | undefined {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : undefined
  }
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

/** What a URL of a database is made of, written as it should be: then it is known where the password stands. */
const DATABASE_URL_PARTS =
  /^([\w+]+:\/\/[^:/?#@]*)(:[^/?#@]*)?(@[^:/?#@]*(?::\d*)?(?:\/[^?#@]*)?(?:\?(?:sslmode|host)=[^&#@]*)?)$/

/** Where the password may stand anywhere, nothing is shown. */
function withoutPassword(url: string): string {
  const [, login, password, rest] = DATABASE_URL_PARTS.exec(url) ?? []
  if (login === undefined || rest === undefined)
    return `${url.length} characters (not shown: a password may be in them)`
  return JSON.stringify(`${login}${password === undefined ? '' : ':…'}${rest}`)
}
