import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A reverse proxy that has a service below a path: it takes the path off, and passes all else on as it is. */
export async function startPrefixProxy(t: Test, service: string, prefix: string): Promise<{ readonly url: string }> {
  const { hostname, port } = new URL(service)
  const proxy = createServer((incoming, outgoing) => {
    const { url = '', method, headers } = incoming
    if (!url.startsWith(`${prefix}/`)) {
      outgoing.writeHead(404).end()
      return
    }
    const path = url.slice(prefix.length)
    const passed = request({ hostname, port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  const { port: own } = proxy.address() as AddressInfo
  return { url: `http://127.0.0.1:${own}${prefix}` }
}
