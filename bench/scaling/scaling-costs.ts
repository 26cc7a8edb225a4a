import type { CitusSample } from '../citus-figures.ts'
import type { Costs } from './scaling-model.ts'
import { STATEMENTS } from './simulated-batch.ts'

/** How many of `shards` are met by `wallets` drawn evenly. */
export function shardsMet(shards: number, wallets: number): number {
  return shards * (1 - (1 - 1 / shards) ** wallets)
}

/**
 * The weights ≥ 0 by which the features of each row come closest to its value, by coordinate descent over squares that
 * are relative: a row of a few microseconds counts as much as one of many.
 */
export function fitWeights(
  rows: readonly { readonly features: readonly number[]; readonly value: number }[],
): number[] {
  const ROUNDS = 20_000
  const scaled = rows.map(({ features, value }) => features.map((feature) => feature / value))
  const weights = (scaled[0] ?? []).map(() => 0)
  for (let round = 0; round < ROUNDS; round += 1)
    for (const column of weights.keys()) {
      let [over, under] = [0, 0]
      for (const features of scaled) {
        const own = features[column] ?? 0
        const others = features.reduce((sum, f, index) => sum + (index === column ? 0 : f * (weights[index] ?? 0)), 0)
        over += own * (1 - others)
        under += own * own
      }
      weights[column] = under === 0 ? 0 : Math.max(0, over / under)
    }
  return weights
}

/** What each part costs, from what was measured on a Citus with different batches and numbers of shards. */
export function costsFrom(samples: readonly CitusSample[], given: Pick<Costs, 'roundTrip' | 'flush'>): Costs {
  const measured = samples.flatMap(({ shards, wallets, batch, cpuMicros }) => {
    if (shards === undefined) return []
    const touched = Math.min(2 * batch, wallets)
    const met = Math.min(shardsMet(shards, touched), shards)
    const workers = Object.entries(cpuMicros).filter(([name]) => name.startsWith('worker'))
    const onWorkers = workers.reduce((sum, [, micros]) => sum + micros, 0)
    const tasks = (STATEMENTS * met) / batch
    return [{ batch, touched, tasks, workers: workers.length, onWorkers, cpuMicros }]
  })
  if (measured.length === 0) throw new Error('nothing was measured on a Citus')
  const services = measured.map(({ cpuMicros }) => cpuMicros.service ?? 0)
  const query = fitWeights(
    measured.map(({ batch, touched, tasks, cpuMicros }) => ({
      features: [1 / batch, 1, tasks, tasks * touched],
      value: cpuMicros.coordinator ?? 0,
    })),
  )
  const worker = fitWeights(
    measured.map(({ batch, touched, tasks, workers, onWorkers }) => ({
      features: [2, tasks, tasks * touched, (2 * workers) / batch],
      value: onWorkers,
    })),
  )
  const [queryBatch = 0, queryTransfer = 0, queryTask = 0, queryTaskWallet = 0] = query
  const [workerHalf = 0, workerTask = 0, workerTaskWallet = 0, workerCommit = 0] = worker
  return {
    ...given,
    ...{ serviceTransfer: services.reduce((sum, micros) => sum + micros, 0) / services.length },
    ...{ queryBatch, queryTransfer, queryTask, queryTaskWallet },
    ...{ workerHalf, workerTask, workerTaskWallet, workerCommit },
  }
}
