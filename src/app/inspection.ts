import type { Inspection, InspectionResult, LedgerReads } from '../ports/inspection.ts'
import { createBatcher } from './batcher.ts'
import { INSPECTION_BOUNDS } from './bounds.ts'

/** @param webhookOrigin where the webhook goes; left out if there is none. */
export function createInspection(reads: LedgerReads, webhookOrigin?: string): Inspection {
  const readDelivery = bounded(() => reads.delivery())
  return {
    find: bounded((search) => reads.find(search)),
    findTransaction: bounded((transactionID) => reads.findTransaction(transactionID)),
    findReference: bounded((reference) => reads.findReference(reference)),
    stateChanges: bounded((userID) => reads.stateChanges(userID)),
    newest: bounded((limit) => reads.newest(limit)),
    curve: bounded((query) => reads.curve(query)),
    lastAudit: bounded(() => reads.lastAudit()),
    async webhook() {
      const origin = webhookOrigin
      if (origin === undefined) return { kind: 'found', value: undefined }
      const result = await readDelivery()
      if (result.kind === 'failed') return result
      const { deliveredAt, failing, behindMs = 0 } = result.value ?? {}
      return { kind: 'found', value: { origin, deliveredAt, failing, behindMs } }
    },
  }
}

/** The same read with the bounds that all reads have: who waits, for how long, and what a failure is called. */
function bounded<Asked extends readonly unknown[], Value>(
  read: (...asked: Asked) => Promise<Value>,
): (...asked: Asked) => Promise<InspectionResult<Value>> {
  const queue = createBatcher<Asked, Value>({
    ...INSPECTION_BOUNDS,
    keysOf: () => [],
    readsOnly: true,
    run: (batch) => Promise.all(batch.map((asked) => read(...asked))),
  })
  return async (...asked) => {
    const settled = await queue.submit(asked)
    return settled.kind === 'done' ? { kind: 'found', value: settled.result } : settled
  }
}
