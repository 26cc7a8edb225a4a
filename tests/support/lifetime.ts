/** What things that must be ended again are tied to: a tap test, or a {@link withLifetime}. */
export interface Lifetime {
  teardown(end: () => unknown): void
}

/** Runs the work, then, however it went, ends what it started: the last first, and each even where another fails to end. */
export async function withLifetime<Result>(work: (lifetime: Lifetime) => Promise<Result>): Promise<Result> {
  const ends: (() => unknown)[] = []
  try {
    return await work({ teardown: (end) => void ends.unshift(end) })
  } finally {
    await runAll(ends)
  }
}

async function runAll([first, ...others]: readonly (() => unknown)[]): Promise<void> {
  try {
    await first?.()
  } finally {
    if (others.length > 0) await runAll(others)
  }
}
