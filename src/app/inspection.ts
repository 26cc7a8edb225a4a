import type { Inspection, InspectionResult, LedgerReads } from '../ports/inspection.ts'
import { createBatcher } from './batcher.ts'
import { INSPECTION_BOUNDS } from './bounds.ts'

export function createInspection(reads: LedgerReads): Inspection {
  return {
    find: bounded((search) => reads.find(search)),
    findTransaction: bounded((transactionID) => reads.findTransaction(transactionID)),
    findReference: bounded((reference) => reads.findReference(reference)),
    stateChanges: bounded((userID) => reads.stateChanges(userID)),
    newest: bounded((limit) => reads.newest(limit)),
    curve: bounded((query) => reads.curve(query)),
    lastAudit: bounded(() => reads.lastAudit()),
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
