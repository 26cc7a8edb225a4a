import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { createTestDatabase } from '../support/database/database.ts'
import { withTestServer } from '../support/database/test-server.ts'
import { withLifetime } from '../support/lifetime.ts'
import { MAX_SEED } from '../support/random/random-seed.ts'
import { checkOverPostgres } from './model-check.ts'
import { describe, NO_FIGURES, sum } from './model-figures.ts'

/*
 * npm run test:soak -- [--minutes 10] [--seed 42]
 * Checks seed after seed until the time is over, or the one that was given again and again, since the plan is the
 * seed's and the timing is not. Ends with 1 at the first history that no order explains.
 */

const PROGRESS_MS = 5000

function say(line: string): void {
  process.stderr.write(`soak: ${line}\n`)
}

function positive(name: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} is ${JSON.stringify(text)}; expected a number above 0`)
  return number
}

async function main(): Promise<void> {
  const options = { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } } as const
  const { minutes, seed } = parseArgs({ options }).values
  const only = seed === undefined ? undefined : positive('seed', seed)
  const durationMs = positive('minutes', minutes) * 60_000
  await withTestServer(say, true, (server) =>
    withLifetime(async (t) => {
      const database = await createTestDatabase(t, server)
      const end = performance.now() + durationMs
      let figures = NO_FIGURES
      let nextProgress = 0
      const progress = () =>
        say(`${describe(figures)}; ${Math.max(0, Math.round((end - performance.now()) / 1000))} s left`)
      while (performance.now() < end) {
        const found = await checkOverPostgres(database, only ?? randomInt(1, MAX_SEED), figures.seeds)
        figures = sum(figures, found)
        if (performance.now() < nextProgress) continue
        nextProgress = performance.now() + PROGRESS_MS
        progress()
      }
      progress()
    }),
  )
}

try {
  await main()
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
}
