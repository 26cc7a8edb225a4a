import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { responseInFlight } from './in-flight.ts'

const LOOK_AGAIN_MS = 20

/**
 * Watches a server's connections, so that it can be closed without breaking one off: Node's own `close` waits for
 * idle keep-alive clients (70 s with one of them), and Fastify's `forceCloseConnections` cuts requests in flight.
 *
 * @returns closes the server: it stops listening, answers what it has received with `Connection: close`, lets idle
 *   connections go and, after `limitMs`, the others too.
 */
export function watchConnections(server: Server): (limitMs: number) => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  function closeIdle(): void {
    for (const socket of sockets) {
      const response = responseInFlight(socket)
      if (response === undefined) socket.destroySoon()
      else response.shouldKeepAlive = false
    }
  }

  return (limitMs) => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      response.shouldKeepAlive = false
    })
    closeIdle()
    const looking = setInterval(closeIdle, LOOK_AGAIN_MS)
    const limit = setTimeout(() => server.closeAllConnections(), limitMs)
    return closed.finally(() => {
      clearInterval(looking)
      clearTimeout(limit)
    })
  }
}
