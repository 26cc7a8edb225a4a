import t from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { walletStoreContract } from './wallet-store-contract.ts'

walletStoreContract(t, async () => createMemoryWalletStore(() => fromMilliseconds(Date.now())))
