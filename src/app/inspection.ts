import type { Inspection, LedgerReads, Looked } from '../ports/inspection.ts'
import { TIMEOUTS_MS } from '../ports/timeouts.ts'
import { type BatcherBounds, createBatcher } from './batcher.ts'

/** Few people look, one thing at a time. */
const BOUNDS: BatcherBounds = { lanes: 1, maxBatch: 1, maxQueued: 32, deadlineMs: TIMEOUTS_MS.request }

export function createInspection(reads: LedgerReads): Inspection {
  return {
    find: bounded((search) => reads.find(search)),
    trace: bounded((transactionID) => reads.trace(transactionID)),
    curve: bounded((query) => reads.curve(query)),
    lastAudit: bounded(() => reads.lastAudit()),
  }
}

/** The same read with the bounds that all reads have: who waits, for how long, and what a failure is called. */
function bounded<Asked extends readonly unknown[], Value>(
  read: (...asked: Asked) => Promise<Value>,
): (...asked: Asked) => Promise<Looked<Value>> {
  const queue = createBatcher<Asked, Value>({
    ...BOUNDS,
    keysOf: () => [],
    run: (batch) => Promise.all(batch.map((asked) => read(...asked))),
  })
  return async (...asked) => {
    const settled = await queue.submit(asked)
    if (settled.kind === 'done') return { kind: 'found', value: settled.result }
    // A read that was cut off has changed nothing.
    return settled.code === 'OUTCOME_UNKNOWN' ? { kind: 'failed', code: 'DATABASE_UNAVAILABLE' } : settled
  }
}
