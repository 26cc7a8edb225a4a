import type { IncomingMessage } from 'node:http'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A provider gives each subscriber at least so much of IPv6, who may send from any address in it. */
const SUBSCRIBER_BITS = 64
/** What an IPv4 address has before it if it is written as IPv6. */
const MAPPED_BITS = 96

/**
 * Says where a request comes from, as an address written in one way, or `unknown` if its connection is gone. It is the one who
 * connects; if that is a trusted proxy, the one whom it names, and so on. What a proxy names that is no address (`unknown`) is
 * not believed: then it is the proxy itself.
 */
export function createCallerAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const networks = trustedProxies.map(parseNetwork)
  const isTrusted = (address: Address) => networks.some(([network, bits]) => isWithin(address, network, bits))

  return ({ socket: { remoteAddress = '' }, headers: { 'x-forwarded-for': forwardedFor } }) => {
    // Each request passes here: to parse an address takes longer than all the rest.
    if ((networks.length === 0 || forwardedFor === undefined) && isIPv4(remoteAddress)) return remoteAddress
    let caller = parseAddress(remoteAddress)
    for (const hop of networks.length === 0 ? [] : hopsIn(forwardedFor)) {
      if (caller === undefined || !isTrusted(caller)) break
      const before = parseHop(hop)
      if (before === undefined) break
      caller = before
    }
    return String(caller ?? 'unknown')
  }
}

/** @returns by what name a caller is counted: an IPv4 address, or an IPv6 network of {@link SUBSCRIBER_BITS} bits. */
export function subscriberOf(address: string): string {
  return isIPv6(address) ? String(ipaddr.IPv6.networkAddressFromCIDR(`${address}/${SUBSCRIBER_BITS}`)) : address
}

/** Nearest first. An element of a list may be empty (RFC 9110, 5.6.1). */
function hopsIn(header: string | readonly string[] | undefined): readonly string[] {
  return [header ?? []]
    .flat()
    .join()
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '')
    .reverse()
}

/** An address as proxies write it: with a port or without, IPv6 in brackets or not, the whole in quotes or not. */
export function parseHop(text: string): Address | undefined {
  const unquoted = text.trim().replace(/^"(.*)"$/, '$1')
  return parseAddress(unquoted) ?? parseAddress(unquoted.replace(/:\d{1,5}$/, ''))
}

/** The zone of an address is a network card of the machine that wrote it, and IPv4 may be written as IPv6. */
function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '')
  return isIP(bare) === 0 ? undefined : ipaddr.process(bare)
}

function parseNetwork(text: string): [network: Address, bits: number] {
  const [address = '', bits] = text.split('/')
  const network = ipaddr.parse(address)
  const length = Number(bits ?? (network.kind() === 'ipv4' ? 32 : 128))
  return network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && length > MAPPED_BITS
    ? [network.toIPv4Address(), length - MAPPED_BITS]
    : [network, length]
}

function isWithin(address: Address, network: Address, bits: number): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}
