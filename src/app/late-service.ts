import type { Inspection } from '../ports/inspection.ts'
import type { Failed, WalletService } from '../ports/wallet-service.ts'

export interface LateService {
  /** Stands in for the real one from the first request on. */
  readonly service: WalletService
  readonly inspection: Inspection
  arrive(real: WalletService, inspection: Inspection): void
}

const NOT_YET: Failed = { kind: 'failed', code: 'DATABASE_UNAVAILABLE' }

/** A service that listens before its database answers, and until then says so. */
export function createLateService(): LateService {
  let real: WalletService | undefined
  let looking: Inspection | undefined
  const notYet = Promise.resolve(NOT_YET)
  return {
    service: {
      open: (userID) => real?.open(userID) ?? notYet,
      wallet: (userID) => real?.wallet(userID) ?? notYet,
      issue: (userID) => real?.issue(userID) ?? NOT_YET,
      status: (userID, transactionID) => real?.status(userID, transactionID) ?? notYet,
      isOverloaded: () => real?.isOverloaded() ?? false,
      submit: (request) => real?.submit(request) ?? notYet,
      history: (query) => real?.history(query) ?? notYet,
    },
    inspection: {
      find: (search) => looking?.find(search) ?? notYet,
      trace: (transactionID) => looking?.trace(transactionID) ?? notYet,
      curve: (query) => looking?.curve(query) ?? notYet,
      lastAudit: () => looking?.lastAudit() ?? notYet,
    },
    arrive(service, inspection) {
      real = service
      looking = inspection
    },
  }
}
