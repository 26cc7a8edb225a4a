/** Where a PostgreSQL server is, and who we are there. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** As libpq knows them; `require` encrypts and trusts any certificate, `verify-full` checks it against the system's authorities. */
  readonly sslmode: SSLMode
}

const SSL_MODES = ['disable', 'require', 'verify-full'] as const
export type SSLMode = (typeof SSL_MODES)[number]

const DEFAULT_PORT = 5432

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`. A `host` parameter that begins with `/` is the
 * folder of a Unix socket, as in libpq. Says `undefined` for anything else.
 */
export function parseServerAddress(url: string): ServerAddress | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url)
  if (protocol !== 'postgres:' && protocol !== 'postgresql:') return undefined
  const sslmode = SSL_MODES.find((mode) => mode === (searchParams.get('sslmode') ?? 'disable'))
  const known = [...searchParams.keys()].every((key) => key === 'sslmode' || key === 'host')
  const host = searchParams.get('host') ?? hostname.replace(/^\[(.*)\]$/, '$1')
  const user = decode(username)
  const database = decode(pathname.slice(1))
  const secret = decode(password)
  if (sslmode === undefined || !known || !host || !user || !database || secret === undefined) return undefined
  return { host, port: port === '' ? DEFAULT_PORT : Number(port), user, password: secret, database, sslmode }
}

/** The address for people: without the password. */
export function describeAddress({ host, port, database }: ServerAddress): string {
  return host.startsWith('/') ? `${database} at ${host}` : `${database} at ${host}:${port}`
}

/** The URL that {@link parseServerAddress} reads. The password is in it: it is for programs. */
export function toURL({ host, port, user, password, database, sslmode }: ServerAddress): string {
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  const address = host.includes(':') ? `[${host}]` : host
  const [authority, folder] = host.startsWith('/') ? ['localhost', `&host=${encodeURIComponent(host)}`] : [address, '']
  return `postgres://${login}@${authority}:${port}/${encodeURIComponent(database)}?sslmode=${sslmode}${folder}`
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
