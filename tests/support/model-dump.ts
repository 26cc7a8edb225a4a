import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plan } from './random-plans.ts'
import type { WalletOperation } from './wallet-model.ts'

/** Writes the plan's faults, then the operations that could be explained in their order, then the others, a line each. */
export async function dump(
  seed: number,
  { instances, bounds }: Plan,
  history: readonly WalletOperation[],
  order: readonly WalletOperation[],
): Promise<string> {
  const inOrder = order.map((operation, index) => ({ place: index + 1, ...operation }))
  const others = history
    .filter((operation) => !order.includes(operation))
    .map((operation) => ({ place: null, ...operation }))
  const lines = [{ seed, bounds, faults: instances }, ...inOrder, ...others].map((line) =>
    JSON.stringify(line, (_key, value) => (typeof value === 'bigint' ? Number(value) : value)),
  )
  const file = join(await mkdtemp(join(tmpdir(), 'wallet-model-')), `seed-${seed}.jsonl`)
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}
