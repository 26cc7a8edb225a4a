import type { Test } from 'tap'
import { migrationNames } from '../../db/migrate.ts'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { createTestDatabase } from '../support/database/database.ts'

/** A store of each make; the one on PostgreSQL has a database of its own. */
export async function bothStores(t: Test): Promise<{ memory: WalletStore; postgres: WalletStore }> {
  const memory = createMemoryWalletStore(() => fromMilliseconds(Date.now()))
  const postgres = createPostgresWalletStore({
    address: await createTestDatabase(t),
    schemaVersion: (await migrationNames()).at(-1) ?? '',
    writeConnections: 1,
    readConnections: 2,
  })
  t.teardown(() => postgres.close())
  return { memory, postgres }
}
