import t from 'tap'
import { createTestDatabase } from '../support/database/database.ts'
import { firstSeed } from '../support/random/random-seed.ts'
import { checkOverPostgres } from './model-check.ts'
import { describe, MUST_BE_SEEN, NO_FIGURES, sum } from './model-figures.ts'

const SEEDS = 100
/** Each on a database of its own, since a fault may end all sessions on it. With more of them requests wait past their deadlines. */
const WORKERS = 2
/** It takes a minute on two busy cores. */
const TIMEOUT_MS = 300_000

t.setTimeout(TIMEOUT_MS)

t.test('every history of concurrent clients under faults is explained by the domain', async (t) => {
  const first = firstSeed(t, SEEDS)
  let started = 0
  let figures = NO_FIGURES

  async function work(): Promise<void> {
    const database = await createTestDatabase(t)
    while (started < SEEDS) {
      const seed = first + started
      started += 1
      const found = await checkOverPostgres(database, seed)
      figures = sum(figures, found)
    }
  }

  await Promise.all(Array.from({ length: WORKERS }, work))
  t.comment(describe(figures))
  t.equal(figures.seeds, SEEDS)
  t.ok(figures.faults > SEEDS, 'faults struck')
  t.ok(figures.replays > SEEDS, 'requests were repeated')
  for (const what of MUST_BE_SEEN) t.ok((figures.seen.get(what) ?? 0) > 0, what)
  // Without these the hard case was not tested: that what no one was told of has happened all the same.
  t.ok(figures.tookEffect > 0, 'requests without an answer took effect')
})
