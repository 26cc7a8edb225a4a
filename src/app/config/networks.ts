import { isIP } from 'node:net'

const BITS: Readonly<Record<number, number>> = { 4: 32, 6: 128 }

/** Parses addresses and networks with commas between them: `10.0.0.0/8,::1`. */
export function parseNetworks(text: string): readonly string[] | undefined {
  const networks = text.split(',').map((each) => each.trim())
  return networks.every(isNetwork) ? networks : undefined
}

/** Not a network of everything: anyone who connects could then say who they are. */
function isNetwork(text: string): boolean {
  const [, address = '', prefix] = /^([^/%]+)(?:\/([1-9]\d{0,2}))?$/.exec(text) ?? []
  const bits = BITS[isIP(address)]
  return bits !== undefined && (prefix === undefined || Number(prefix) <= bits)
}
