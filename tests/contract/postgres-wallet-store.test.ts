import t from 'tap'
import { migrationNames } from '../../db/migrate.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import { createTestDatabase, isOnCitus } from '../support/database/database.ts'
import type { CreateStore } from './store-calls.ts'
import { walletStoreContract } from './wallet-store-contract.ts'

const createStore: CreateStore = async (t) => {
  const address = await createTestDatabase(t)
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const store = createPostgresWalletStore({ address, writeConnections: 8, readConnections: 2, schemaVersion })
  t.teardown(() => store.close())
  return store
}

walletStoreContract(t, createStore, { feed: !isOnCitus() })
