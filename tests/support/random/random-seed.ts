import { randomInt } from 'node:crypto'
import type { Test } from 'tap'

/** fast-check draws no larger one. */
export const MAX_SEED = 2 ** 31

/**
 * What a random test hands to `fc.assert`: a new seed each run, or the one in FAST_CHECK_SEED (or another variable). It
 * is printed either way, so that a failure can be had again.
 */
export function seeded(t: Test, numRuns: number, variable = 'FAST_CHECK_SEED'): { seed: number; numRuns: number } {
  const seed = announced(t, variable, `${numRuns} runs`)
  return { seed, numRuns }
}

/** The first of so many seeds of the model check: a new one each run, or the one in MODEL_SEED. */
export function firstSeed(t: Test, seeds: number): number {
  return announced(t, 'MODEL_SEED', `and the next ${seeds - 1}`)
}

function announced(t: Test, variable: string, what: string): number {
  const text = process.env[variable]
  const seed = text === undefined ? randomInt(MAX_SEED) : Number(text)
  if (!Number.isSafeInteger(seed)) throw new Error(`${variable} is ${JSON.stringify(text)}; expected an integer`)
  t.comment(`${variable}=${seed} (${what})`)
  return seed
}
