import { lookup } from 'node:dns/promises'
import { BlockList, isIPv6 } from 'node:net'
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

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

function isLoopback(address: string): boolean {
  // A zone, as in fe80::1%eth0, is no part of the address.
  const [bare = ''] = address.split('%')
  return LOOPBACK.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4')
}
