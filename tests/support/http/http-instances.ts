import { migrationNames } from '../../../db/migrate.ts'
import { createPostgresWalletStore } from '../../../src/adapters/postgres/wallet-store.ts'
import { toInstant } from '../../../src/domain/instant.ts'
import { createTestDatabase } from '../database/database.ts'
import type { Lifetime } from '../lifetime.ts'
import { startBalancer } from '../process/balancer.ts'
import { listen, overSocket, settableClock, startHTTP, type TestHTTP } from './http.ts'

const INSTANCES = 4
/** More would not make more of a difference, and take more of the server's connections than there are for a test. */
const CONNECTIONS_OF_AN_INSTANCE = 2

/** Four services on one database, behind a balancer: each request goes to another one than the last. */
export async function startHTTPOverInstances(t: Lifetime): Promise<Pick<TestHTTP, 'send' | 'clock'>> {
  const address = await createTestDatabase(t)
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const connections = { writeConnections: CONNECTIONS_OF_AN_INSTANCE, readConnections: CONNECTIONS_OF_AN_INSTANCE }
  const clock = settableClock(toInstant(BigInt(Date.now()) * 1000n))
  const urls: string[] = []
  for (let instance = 0; instance < INSTANCES; instance += 1) {
    const store = createPostgresWalletStore({ address, schemaVersion, ...connections })
    t.teardown(() => store.close())
    const { port } = await listen(t, await startHTTP(t, { clock, store }))
    urls.push(`http://127.0.0.1:${port}`)
  }
  const balancer = await startBalancer(t, urls)
  return { send: overSocket(Number(new URL(balancer.url).port)), clock }
}
