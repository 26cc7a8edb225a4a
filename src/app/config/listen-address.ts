import { lookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { type Config, ConfigError } from '../config.ts'

/** Every address of a host name; an address is its own. */
export type Resolve = (host: string) => Promise<readonly string[]>

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/**
 * The address to listen on. A service that lets everyone in because no one said otherwise must be out of others' reach.
 * A name stands for all its addresses, and the one that was looked at is the one to listen on: a second look might find
 * another.
 *
 * @throws {ConfigError} if others could reach it.
 */
export async function listenAddress(
  { host, authentication }: Pick<Config, 'host' | 'authentication'>,
  resolve: Resolve = addressesOf,
): Promise<string> {
  if (authentication.kind !== 'loopback only') return host
  const [address, ...others] = await resolve(host)
  const outside = [address, ...others].find((each) => each === undefined || !isLoopback(each))
  if (address !== undefined && outside === undefined) return address
  throw new ConfigError(
    'HOST',
    outside === host ? JSON.stringify(host) : `${JSON.stringify(host)} (${outside})`,
    'a loopback address while there is no authentication: set AUTH_JWKS_URL, AUTH_ISSUER and AUTH_AUDIENCE, ' +
      'or AUTH=none to let anyone who can reach the service do everything',
  )
}

/**
 * Says whether a Host header is a name of this machine, for a service that lets everyone in because no one said otherwise;
 * `undefined`: any name will do. A page from anywhere may have its own name lead here (DNS rebinding). To a browser it is then
 * a page of this service and may send it anything: only the name tells them apart.
 */
export function servedHost({
  host: configured,
  authentication,
}: Pick<Config, 'host' | 'authentication'>): ((header: string) => boolean) | undefined {
  if (authentication.kind !== 'loopback only') return undefined
  const own = hostnameIn(configured)
  // Clients send the same name again and again, and to parse it takes microseconds.
  let lastServed: string | undefined

  function isOurs(name: string): boolean {
    if (isIP(name) !== 0) return isLoopback(name)
    return name === own || name === 'localhost' || name.endsWith('.localhost')
  }

  return (header) => {
    if (header === lastServed) return true
    const name = hostnameIn(header)
    if (name === undefined || !isOurs(name)) return false
    lastServed = header
    return true
  }
}

/** The host of `host` or `host:port`, in the one form that URLs have for it, without brackets and without a dot at its end. */
function hostnameIn(text: string): string | undefined {
  const url = `http://${isIPv6(text) ? `[${text}]` : text}`
  if (/[/?#@\\]/.test(text) || !URL.canParse(url)) return undefined
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

function isLoopback(address: string): boolean {
  // A zone, as in fe80::1%eth0, is no part of the address.
  const [bare = ''] = address.split('%')
  return LOOPBACK.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4')
}
