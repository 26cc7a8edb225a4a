import t from 'tap'
import { firstSeed } from '../support/random/random-seed.ts'
import { checkOverMemory, startOverMemory } from './model-check.ts'
import { describe, MUST_BE_SEEN, NO_FIGURES, sum } from './model-figures.ts'

const SEEDS = 200

t.test('every history of concurrent clients over the memory store is explained by the domain', async (t) => {
  const services = await startOverMemory(t)
  const first = firstSeed(t, SEEDS)
  let figures = NO_FIGURES
  for (let seed = first; seed < first + SEEDS; seed += 1) figures = sum(figures, await checkOverMemory(services, seed))
  t.comment(describe(figures))
  t.ok(figures.replays > SEEDS, 'requests were repeated')
  for (const what of MUST_BE_SEEN) t.ok((figures.seen.get(what) ?? 0) > 0, what)
  t.equal(figures.unknown, 0, 'without faults every request is answered')
})
