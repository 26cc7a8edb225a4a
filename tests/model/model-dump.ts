import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WalletOperation } from './calls.ts'
import type { Plan } from './random-plans.ts'

/** How many operations a message shows: the file is gone if it was a machine of the CI that wrote it. */
const SHOWN = 20

/**
 * Writes the plan's faults, then the operations that could be explained in their order, then the others, a line each.
 *
 * @returns the file, and the first of the others.
 */
export async function dump(
  seed: number,
  { instances, bounds }: Plan,
  history: readonly WalletOperation[],
  order: readonly WalletOperation[],
): Promise<{ file: string; next: string }> {
  const inOrder = order.map((operation, index) => ({ place: index + 1, ...operation }))
  const others = history
    .filter((operation) => !order.includes(operation))
    .map((operation) => ({ place: null, ...operation }))
  const lines = [{ seed, bounds, faults: instances }, ...inOrder, ...others].map((line) =>
    JSON.stringify(line, (_key, value) => (typeof value === 'bigint' ? Number(value) : value)),
  )
  const file = join(await mkdtemp(join(tmpdir(), 'wallet-model-')), `seed-${seed}.jsonl`)
  await writeFile(file, `${lines.join('\n')}\n`)
  return { file, next: lines.slice(1 + order.length, 1 + order.length + SHOWN).join('\n') }
}
