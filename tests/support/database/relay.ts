import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'

type Target = Pick<ServerAddress, 'host' | 'port'>

export interface Relay<Address extends Target = ServerAddress> {
  /** The server as it is reached through the relay. */
  readonly address: Address
  /** How many connections were ever made to it. */
  connections(): number
  /** From now on connections are passed on. */
  open(): Promise<void>
  /** From now on no one listens, and what was connected is cut. */
  close(): Promise<void>
}

/** Stands between a service and its database server, or its clients, on a port of its own. Closed at first. */
export async function createRelay<Address extends Target>(t: Test, target: Address): Promise<Relay<Address>> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((client) => {
    connections += 1
    const upstream = connectTo(target)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    joinSockets(client, upstream)
  })
  const relay: Relay<Address> = {
    address: { ...target, host: '127.0.0.1', port },
    connections: () => connections,
    async open() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    async close() {
      if (!server.listening) return
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  t.teardown(relay.close)
  return relay
}

/** What comes from either goes to the other, its end too; when one breaks, so does the other. */
export function joinSockets(one: Socket, two: Socket): void {
  for (const [socket, other] of [[one, two] as const, [two, one] as const]) {
    socket.on('error', () => other.destroy())
    // What was the last to come is still on its way to the other.
    socket.on('close', () => other.destroySoon())
    socket.pipe(other)
  }
}

/** Connects as a client does, to a Unix socket where the host is its folder. */
export function connectTo({ host, port }: Target): Socket {
  return connect(host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port, noDelay: true })
}

/** A port that no one listened at a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
