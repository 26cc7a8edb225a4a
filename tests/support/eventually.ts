import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20
/** How slow a machine may be is no promise of ours: what is fast elsewhere may take this long. */
const LEAST_LIMIT_MS = 60_000

/**
 * Asks until the answer is there, and fails after `limitMs`, but not before a slow machine would have had its time, saying
 * what was waited for.
 */
export async function eventually<Answer>(
  what: string,
  limitMs: number,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
): Promise<Answer> {
  const limit = Math.max(limitMs, LEAST_LIMIT_MS)
  const deadline = performance.now() + limit
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`not within ${limit} ms: ${what}`)
    await delay(POLL_MS)
  }
}
