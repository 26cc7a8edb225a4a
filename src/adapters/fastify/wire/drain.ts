import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

const LOOK_AGAIN_MS = 20

/**
 * Watches a server's connections, so that it can be closed without breaking one off: Node's own `close` waits for
 * idle keep-alive clients (70 s with one of them), and Fastify's `forceCloseConnections` cuts requests in flight.
 *
 * @returns closes the server: it stops listening, and answers what it has received with `Connection: close`. What comes
 *   within `idleMs` on connections that were idle is answered so too, since a client may be sending just when its
 *   connection is closed; then they are let go and, after `limitMs`, the others too.
 */
export function watchConnections(server: Server): (limitMs: number, idleMs?: number) => Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  function closeIdle(): void {
    for (const socket of sockets) if (responseInFlight(socket) === undefined) socket.destroySoon()
  }

  function lastOne(response: ServerResponse): void {
    response.shouldKeepAlive = false
  }

  return (limitMs, idleMs = 0) => {
    // Not the HTTP server's own, which closes idle connections at once.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
    server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => lastOne(response))
    for (const socket of sockets) {
      const response = responseInFlight(socket)
      if (response !== undefined) lastOne(response)
    }
    let looking: NodeJS.Timeout | undefined
    const idle = setTimeout(() => {
      closeIdle()
      looking = setInterval(closeIdle, LOOK_AGAIN_MS)
    }, idleMs)
    const limit = setTimeout(() => server.closeAllConnections(), limitMs)
    return closed.finally(() => {
      clearTimeout(idle)
      clearInterval(looking)
      clearTimeout(limit)
    })
  }
}

/**
 * The response that a connection owes or is writing. `_httpMessage` is what Node's own handlers and its
 * `closeIdleConnections` go by; to keep count instead, with a listener for each response, cost a tenth of a request.
 */
export function responseInFlight(
  socket: Duplex & { readonly _httpMessage?: ServerResponse | null },
): ServerResponse | undefined {
  return socket._httpMessage ?? undefined
}
