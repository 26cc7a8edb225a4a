import t from 'tap'
import { createMemoryDeliveries } from '../../src/adapters/memory/deliveries.ts'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { deliveriesContract } from './deliveries-contract.ts'

const clock = () => fromMilliseconds(Date.now())

deliveriesContract(t, async () => {
  const store = createMemoryWalletStore(clock)
  const deliveries = createMemoryDeliveries(store, clock)
  return { store, deliveries: () => deliveries }
})
