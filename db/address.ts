/** Where one PostgreSQL server listens; a host that begins with `/` is the folder of its Unix socket. */
export interface Host {
  readonly host: string
  readonly port: number
}

/** Where a PostgreSQL server is, and who we are there. */
export interface ServerAddress extends Host {
  /** Servers of the same cluster, to be tried in this order after the first. */
  readonly others?: readonly Host[]
  /** Which of them is wanted, as libpq's `target_session_attrs` says it; left out, any that answers. */
  readonly target?: TargetServer
  readonly user: string
  readonly password: string
  readonly database: string
  /** As libpq knows them; `require` encrypts and trusts any certificate, `verify-full` checks it against the system's authorities. */
  readonly sslmode: SSLMode
}

const SSL_MODES = ['disable', 'require', 'verify-full'] as const
export type SSLMode = (typeof SSL_MODES)[number]

/** `read-write`: it takes writes; `primary`: it is no standby. */
const TARGETS = ['read-write', 'primary'] as const
export type TargetServer = (typeof TARGETS)[number]

const DEFAULT_PORT = 5432
const PARAMETERS = ['sslmode', 'host', 'target_session_attrs']
/** Each has its share of the time in which a connection is made. */
const MAX_HOSTS = 8

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`, with several hosts as libpq writes them:
 * `host1:port1,host2:port2`, each on port 5432 if it names none. A `host` parameter that begins with `/` is the folder of a
 * Unix socket, as in libpq, and then the only one. Says `undefined` for anything else.
 */
export function parseServerAddress(url: string): ServerAddress | undefined {
  const [, scheme, login = '', hosts = '', rest] = /^([^:/?#]*:\/\/)([^/?#]*@)?([^/?#]*)(.*)$/s.exec(url) ?? []
  const names = hosts.split(',')
  if (names.length > MAX_HOSTS) return undefined
  const [first, ...others] = names.map((name) => parseOne(`${scheme}${login}${name}${rest}`))
  if (first === undefined || others.length === 0) return first
  if (others.some((other) => other === undefined || other.host.startsWith('/'))) return undefined
  return { ...first, others: others.flatMap((other) => (other ? [{ host: other.host, port: other.port }] : [])) }
}

function parseOne(url: string): ServerAddress | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url)
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') return undefined
  const sslmode = SSL_MODES.find((mode) => mode === (searchParams.get('sslmode') ?? 'disable'))
  const wanted = searchParams.get('target_session_attrs') ?? 'any'
  const target = TARGETS.find((target) => target === wanted)
  if (target === undefined && wanted !== 'any') return undefined
  const known = [...searchParams.keys()].every((key) => PARAMETERS.includes(key))
  const host = searchParams.get('host') ?? hostname.replace(/^\[(.*)\]$/, '$1')
  const user = decode(username)
  const database = decode(pathname.slice(1))
  const secret = decode(password)
  if (sslmode === undefined || !known || !host || host.includes(',') || !user || !database || secret === undefined)
    return undefined
  const server = { host, port: port === '' ? DEFAULT_PORT : Number(port), user, password: secret, database, sslmode }
  return target === undefined ? server : { ...server, target }
}

/** Each server by itself, in the order in which they are tried. */
export function serversOf({ others = [], ...first }: ServerAddress): readonly ServerAddress[] {
  return [first, ...others.map((other) => ({ ...first, ...other }))]
}

/** The address for people: without the password. */
export function describeAddress(address: ServerAddress): string {
  return `${address.database} at ${serversOf(address).map(describeHost).join(', ')}`
}

/** A server for people. */
export function describeHost({ host, port }: Host): string {
  return host.startsWith('/') ? host : `${host}:${port}`
}

/** The URL that {@link parseServerAddress} reads. The password is in it: it is for programs. */
export function toURL(address: ServerAddress): string {
  const { host, user, password, database, sslmode, target } = address
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  const parameters = new URLSearchParams({ sslmode })
  if (host.startsWith('/')) parameters.set('host', host)
  if (target !== undefined) parameters.set('target_session_attrs', target)
  const hosts = serversOf(address).map(toAuthority).join(',')
  return `postgres://${login}@${hosts}/${encodeURIComponent(database)}?${parameters}`
}

function toAuthority({ host, port }: Host): string {
  if (host.startsWith('/')) return `localhost:${port}`
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
