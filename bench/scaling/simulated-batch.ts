import type { Costs } from './scaling-model.ts'
import { createLocks, type Servers, type Simulation } from './simulated-queues.ts'

/** Lock, read what is known, insert, update: what a batch sends to a shard. */
export const STATEMENTS = 4

/** The node that a service asks, which may be a worker too. */
export interface QueryNode {
  readonly queryCPU: Servers
  readonly queryFlush: Servers
}

export interface Worker {
  readonly cpu: Servers
  readonly flush: Servers
}

interface Part {
  readonly worker: Worker
  readonly shards: number
  readonly wallets: number
}

type RunBatch = (node: QueryNode, transfers: number, wallets: readonly number[], done: () => void) => void

/** A batch as src/adapters/postgres does it: locks shard after shard, then what runs on all shards at once, then the commit. */
export function createBatchRunner(
  simulation: Simulation,
  costs: Costs,
  shardCount: number,
  workers: readonly Worker[],
): RunBatch {
  const locks = createLocks()
  const shardOf = (wallet: number) => wallet % shardCount
  const workerOf = (shard: number) => workers[shard % workers.length]

  function takeAll(wallets: readonly number[], taken: () => void, from = 0): void {
    const wallet = wallets[from]
    if (wallet === undefined) taken()
    else locks.take(wallet, () => takeAll(wallets, taken, from + 1))
  }

  /** How long one statement keeps a worker busy with so many shards of its own, of a batch with so many wallets. */
  const taskMicros = (shards: number, wallets: number) => shards * (costs.workerTask + wallets * costs.workerTaskWallet)

  /** Shard after shard in their order: all who lock have the same. */
  function lock(shards: readonly number[], wallets: readonly number[], locked: () => void, from = 0): void {
    const shard = shards[from]
    const worker = shard === undefined ? undefined : workerOf(shard)
    if (worker === undefined) {
      locked()
      return
    }
    // The locks name the shard's own wallets only.
    const here = wallets.filter((wallet) => shardOf(wallet) === shard)
    simulation.after(costs.roundTrip, () =>
      worker.cpu.use(taskMicros(1, here.length), () => takeAll(here, () => lock(shards, wallets, locked, from + 1))),
    )
  }

  function partsOf(shards: readonly number[], wallets: readonly number[]): readonly Part[] {
    return workers.flatMap((worker) => {
      const here = shards.filter((shard) => workerOf(shard) === worker).length
      const held = wallets.filter((wallet) => workerOf(shardOf(wallet)) === worker).length
      return here === 0 ? [] : [{ worker, shards: here, wallets: held }]
    })
  }

  /** One worker commits at once. Several prepare, then the node that asked decides, then they commit. */
  function commit(parts: readonly Part[], { queryFlush }: QueryNode, committed: () => void): void {
    const step = ({ worker }: Part, done: () => void) =>
      simulation.after(costs.roundTrip, () =>
        worker.cpu.use(costs.workerCommit, () => worker.flush.use(costs.flush, done)),
      )
    if (parts.length === 1) together(parts, step, committed)
    else together(parts, step, () => queryFlush.use(costs.flush, () => together(parts, step, committed)))
  }

  return (node, transfers, wallets, done) => {
    const ordered = [...wallets].sort((a, b) => shardOf(a) - shardOf(b) || a - b)
    const shards = [...new Set(ordered.map(shardOf))]
    const parts = partsOf(shards, ordered)
    const perTask = costs.queryTask + wallets.length * costs.queryTaskWallet
    const queryMicros = costs.queryBatch + transfers * costs.queryTransfer + shards.length * STATEMENTS * perTask
    const others = STATEMENTS - 1

    function write(): void {
      const onWorker = ({ worker, shards: here, wallets: held }: Part, written: () => void) => {
        const micros = held * costs.workerHalf + others * taskMicros(here, wallets.length)
        simulation.after(others * costs.roundTrip, () => worker.cpu.use(micros, written))
      }
      together(parts, onWorker, () =>
        commit(parts, node, () => {
          for (const wallet of ordered) locks.release(wallet)
          done()
        }),
      )
    }
    node.queryCPU.use(queryMicros / STATEMENTS, () =>
      lock(shards, ordered, () => node.queryCPU.use((queryMicros * others) / STATEMENTS, write)),
    )
  }
}

function together<Item>(items: readonly Item[], work: (item: Item, done: () => void) => void, done: () => void): void {
  let left = items.length
  for (const item of items)
    work(item, () => {
      left -= 1
      if (left === 0) done()
    })
}
