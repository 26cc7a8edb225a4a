import { randomInt } from 'node:crypto'
import type { Test } from 'tap'

const SEED_VARIABLE = 'FAST_CHECK_SEED'
const MAX_SEED = 2 ** 31

/**
 * What a random test hands to `fc.assert`: a new seed each run, or the one in FAST_CHECK_SEED (or another variable). It
 * is printed either way, so that a failure can be had again.
 */
export function seeded(t: Test, numRuns: number, variable = SEED_VARIABLE): { seed: number; numRuns: number } {
  const text = process.env[variable]
  const seed = text === undefined ? randomInt(MAX_SEED) : Number(text)
  if (!Number.isSafeInteger(seed)) throw new Error(`${variable} is ${JSON.stringify(text)}; it takes an integer`)
  t.comment(`${variable}=${seed} (${numRuns} runs)`)
  return { seed, numRuns }
}
