import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { migrationNames } from '../../db/migrate.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import type { LedgerReads } from '../../src/ports/inspection.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { createTestDatabase, isOnCitus } from '../support/database/database.ts'
import { declareRestored } from '../support/database/declare-restored.ts'
import { epochsContract } from './epochs-contract.ts'
import type { CreateStore } from './store-calls.ts'
import { walletStoreContract } from './wallet-store-contract.ts'

async function storeOn(t: Test, address: ServerAddress): Promise<WalletStore & LedgerReads> {
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const store = createPostgresWalletStore({ address, writeConnections: 8, readConnections: 2, schemaVersion })
  t.teardown(() => store.close())
  return store
}

const createStore: CreateStore = async (t) => storeOn(t, await createTestDatabase(t))

walletStoreContract(t, createStore, { feed: !isOnCitus() })
epochsContract(
  t,
  async (t) => {
    const address = await createTestDatabase(t)
    return { store: await storeOn(t, address), beginEpoch: () => declareRestored(address) }
  },
  { feed: !isOnCitus() },
)
