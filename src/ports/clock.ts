import type { Instant } from '../domain/instant.ts'

/** The service's own clock. Transactions take the store's, which is read under the wallets' locks. */
export type Clock = () => Instant
