import { channel } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { migrationNames } from '../../../db/migrate.ts'
import { type Connection, ConnectionError, openConnection } from '../../../src/adapters/postgres/connection.ts'
import { prepareWrites } from '../../../src/adapters/postgres/prepare.ts'
import { createPostgresWalletStore } from '../../../src/adapters/postgres/wallet-store.ts'
import type { WalletStore } from '../../../src/ports/wallet-store.ts'
import { eventually } from '../eventually.ts'
import type { ProtocolRelay } from '../faults/protocol-relay.ts'
import { administer } from './database.ts'

/** Opens a connection as batches use it, unless `warmUp` says otherwise; discarded when the test is over. */
export async function openTestConnection(t: Test, address: ServerAddress, warmUp = prepareWrites): Promise<Connection> {
  const connection = await openConnection(address, warmUp)
  t.teardown(() => connection.discard())
  return connection
}

/** The store on `address`; closed when the test is over. */
export async function openTestStore(
  t: Test,
  address: ServerAddress,
  connections: { readonly writeConnections?: number; readonly readConnections?: number } = {},
): Promise<WalletStore> {
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const store = createPostgresWalletStore({
    address,
    schemaVersion,
    writeConnections: 2,
    readConnections: 4,
    ...connections,
  })
  t.teardown(() => store.close())
  return store
}

/** Every socket that this process connects from now on, while the test lasts. */
export function watchSockets(t: Test): readonly Socket[] {
  const sockets: Socket[] = []
  const opened = channel('net.client.socket')
  const note = (message: unknown) => void sockets.push((message as { socket: Socket }).socket)
  opened.subscribe(note)
  t.teardown(() => void opened.unsubscribe(note))
  return sockets
}

/** What a connection's work failed with, and how long that took. */
export async function failureOf(
  work: Promise<unknown>,
): Promise<{ error: unknown; isConnectionError: boolean; ms: number }> {
  const start = performance.now()
  const error = await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )
  return { error, isConnectionError: error instanceof ConnectionError, ms: performance.now() - start }
}

/** Waits until the server has ended these processes of its own. */
export async function backendsGone(database: ServerAddress, pids: readonly number[], limitMs: number): Promise<void> {
  await eventually(`the end of the backends ${pids}`, limitMs, async () => {
    const rows = await administer(database, `SELECT pid FROM pg_stat_activity WHERE pid IN (${pids.join(', ')})`)
    return rows.length === 0 ? true : undefined
  })
}

/** Waits until the backend of the relay's first connection sleeps in `pg_sleep`, or waits for a lock. */
export async function backendWaits(
  relay: ProtocolRelay,
  database: ServerAddress,
  on: 'PgSleep' | 'Lock',
): Promise<void> {
  const pid = relay.backendPIDs()[0]
  await eventually(`a backend that waits on ${on}`, 1000, async () => {
    const rows = await administer(
      database,
      `SELECT FROM pg_stat_activity WHERE pid = ${pid} AND '${on}' IN (wait_event, wait_event_type)`,
    )
    return rows.length > 0 ? true : undefined
  })
}
