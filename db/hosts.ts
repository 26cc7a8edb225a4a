import { describeHost, type ServerAddress, serversOf, type TargetServer } from './address.ts'
import { UnusableServer } from './own-session.ts'

/** No server of the address is there, or none is the one that is wanted; some time later one may be. */
export class NoServer extends Error {
  override readonly name = 'NoServer'
  readonly code = 'NO_SERVER'
}

/** What a server says of itself to those who want a certain one. */
export interface ServerRole {
  readonly standby: boolean
  readonly read_only: boolean
}

/** SQLSTATE of a server that starts, stops, or recovers and lets no one read meanwhile. */
const CANNOT_CONNECT_NOW = '57P03'

/**
 * Tries the servers of an address in their order, as libpq does: a server that can't be reached, takes no connections now, or is not
 * the wanted one is passed over. One that turns us away, because of the password, say, is not: the others would do the same.
 *
 * @param limitMs for all together. Each gets an equal share of what is left, so that one that is silent leaves time for the others.
 * @throws what the only server did, or a {@link NoServer} that says why it is none of them.
 */
export async function reachFirst<Reached>(
  address: ServerAddress,
  limitMs: number,
  reach: (server: ServerAddress, limitMs: number) => Promise<Reached>,
): Promise<Reached> {
  const servers = serversOf(address)
  const deadline = performance.now() + limitMs
  const reasons: string[] = []
  for (const [index, server] of servers.entries()) {
    try {
      const leftMs = Math.max(1, deadline - performance.now())
      return await reach(server, Math.ceil(leftMs / (servers.length - index)))
    } catch (error) {
      if (servers.length === 1 || isFinal(error)) throw error
      reasons.push(`${describeHost(server)}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw new NoServer(`no server is to be used now: ${reasons.join('; ')}`)
}

/** @throws {NoServer} if it is not the one that is wanted. */
export function requireTarget(target: TargetServer, role: ServerRole | undefined): void {
  if (role?.standby !== false) throw new NoServer('it is a standby')
  if (target === 'read-write' && role.read_only) throw new NoServer('it is read-only')
}

/** What a server has said, which the next one would say, too. */
function isFinal(error: unknown): boolean {
  if (error instanceof UnusableServer) return true
  return error instanceof Error && 'severity' in error && 'code' in error && error.code !== CANNOT_CONNECT_NOW
}
