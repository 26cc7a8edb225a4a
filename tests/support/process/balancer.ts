import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { joinSockets } from '../database/relay.ts'
import type { Lifetime } from '../lifetime.ts'

/** A plain TCP balancer: it knows connections, no requests. */
export interface Balancer {
  /** Where clients call, without a slash at its end. */
  readonly url: string
  /** New connections go there as well. */
  putIn(url: string): void
  /** No new connection goes there; those that there are stay until one of their ends closes them. */
  takeOut(url: string): void
}

/** Gives each new connection to the next instance in turn, or to the one after that where it refuses. */
export async function startBalancer(t: Lifetime, urls: readonly string[]): Promise<Balancer> {
  const instances = [...urls]
  const clients = new Set<Socket>()
  let turn = 0

  async function connectToAny(): Promise<Socket | undefined> {
    for (const _ of instances) {
      turn += 1
      const { hostname, port } = new URL(instances[turn % instances.length] ?? '')
      const upstream = connect({ host: hostname, port: Number(port), noDelay: true })
      const connected = await once(upstream, 'connect').then(
        () => true,
        () => false,
      )
      if (connected) return upstream
    }
    return undefined
  }

  const server = createServer({ noDelay: true, pauseOnConnect: true }, async (client) => {
    clients.add(client)
    client.on('close', () => clients.delete(client))
    client.on('error', () => {})
    const upstream = await connectToAny()
    if (upstream === undefined) client.resetAndDestroy()
    else joinSockets(client, upstream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const client of clients) client.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    putIn: (url) => void instances.push(url),
    takeOut: (url) => void instances.splice(instances.indexOf(url), 1),
  }
}
