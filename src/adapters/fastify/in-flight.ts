import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * The response that a connection owes or is writing. `_httpMessage` is what Node's own handlers and its
 * `closeIdleConnections` go by; to keep count instead, with a listener for each response, cost a tenth of a request.
 */
export function responseInFlight(
  socket: Duplex & { readonly _httpMessage?: ServerResponse | null },
): ServerResponse | undefined {
  return socket._httpMessage ?? undefined
}
