import fc from 'fast-check'
import type { Test } from 'tap'
import { seeded } from '../support/random/random-seed.ts'

/** Well below tap's own limit, which would not say what was being done. */
const TIME_LIMIT_MS = 100_000

/**
 * Runs `examine` on so many cases, some together. The first error ends it, and is thrown as it is: it names the one case,
 * and to make it smaller would be to try it on a service that has changed since.
 */
export async function runCases<Case>(
  t: Test,
  cases: fc.Arbitrary<Case>,
  { count, together }: { readonly count: number; readonly together: number },
  examine: (some: readonly Case[]) => Promise<void>,
): Promise<void> {
  const some = fc.array(cases, { minLength: together, maxLength: together })
  const { failed, errorInstance, interrupted, numRuns } = await fc.check(fc.asyncProperty(some, examine), {
    ...seeded(t, count / together, 'FUZZ_SEED'),
    endOnFailure: true,
    interruptAfterTimeLimit: TIME_LIMIT_MS,
  })
  if (failed) throw errorInstance
  if (interrupted) throw new Error(`only ${numRuns * together} of ${count} cases in ${TIME_LIMIT_MS} ms`)
}
