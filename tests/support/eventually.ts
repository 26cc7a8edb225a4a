import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 20

/** Asks until the answer is there, and fails after `limitMs`, saying what was waited for. */
export async function eventually<Answer>(
  what: string,
  limitMs: number,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
): Promise<Answer> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`)
    await delay(POLL_MS)
  }
}
