import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Lifetime } from './lifetime.ts'

/** Has a server of the test's own listen, until the test is over; says where. */
export async function listenOnFreePort(t: Lifetime, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return `http://127.0.0.1:${address.port}`
}
