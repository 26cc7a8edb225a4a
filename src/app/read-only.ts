import type { Failed } from '../ports/wallet-service.ts'
import type { Settled } from './batcher.ts'

/** A read that was cut off has changed nothing. */
export function readOnly<Result>(settled: Settled<Result>): Settled<Result> {
  const cutOff = settled.kind === 'failed' && settled.code === 'OUTCOME_UNKNOWN'
  return cutOff ? ({ kind: 'failed', code: 'DATABASE_UNAVAILABLE' } satisfies Failed) : settled
}
