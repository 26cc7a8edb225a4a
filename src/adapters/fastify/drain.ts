import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Watches a server's connections, so that it can be closed without breaking one off: Node's own `close` waits for
 * idle keep-alive clients (70 s with one of them), and Fastify's `forceCloseConnections` cuts requests in flight.
 *
 * @returns closes the server: it stops listening, answers what it has received with `Connection: close`, lets idle
 *   connections go at once and, after `limitMs`, the others too.
 */
export function watchConnections(server: Server): (limitMs: number) => Promise<void> {
  const sockets = new Map<Socket, Set<ServerResponse>>()
  let draining = false

  server.on('connection', (socket) => {
    sockets.set(socket, new Set())
    socket.on('close', () => sockets.delete(socket))
  })
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const unanswered = sockets.get(socket)
    if (unanswered === undefined) return
    unanswered.add(response)
    if (draining) response.shouldKeepAlive = false
    response.on('close', () => {
      unanswered.delete(response)
      if (draining && unanswered.size === 0) socket.destroySoon()
    })
  })

  return (limitMs) => {
    draining = true
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const [socket, unanswered] of sockets) {
      if (unanswered.size === 0) socket.destroySoon()
      for (const response of unanswered) response.shouldKeepAlive = false
    }
    const limit = setTimeout(() => server.closeAllConnections(), limitMs)
    return closed.finally(() => clearTimeout(limit))
  }
}
