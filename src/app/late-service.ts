import type { Failed, WalletService } from '../ports/wallet-service.ts'

export interface LateService {
  /** Stands in for the real one from the first request on. */
  readonly service: WalletService
  arrive(real: WalletService): void
}

const NOT_YET: Failed = { kind: 'failed', code: 'DATABASE_UNAVAILABLE' }

/** A service that listens before its database answers, and until then says so. */
export function createLateService(): LateService {
  let real: WalletService | undefined
  return {
    service: {
      open: async (userID) => real?.open(userID) ?? NOT_YET,
      wallet: async (userID) => real?.wallet(userID) ?? NOT_YET,
      issue: (userID) => real?.issue(userID) ?? NOT_YET,
      status: async (userID, transactionID) => real?.status(userID, transactionID) ?? NOT_YET,
      submit: async (request) => real?.submit(request) ?? NOT_YET,
      history: async (query) => real?.history(query) ?? NOT_YET,
    },
    arrive(service) {
      real = service
    },
  }
}
