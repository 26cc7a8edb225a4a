import t from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { epochsContract } from './epochs-contract.ts'
import { walletStoreContract } from './wallet-store-contract.ts'

const create = () => createMemoryWalletStore(() => fromMilliseconds(Date.now()))

walletStoreContract(t, async () => create())
epochsContract(t, async () => {
  const store = create()
  return { store, beginEpoch: store.beginEpoch }
})
