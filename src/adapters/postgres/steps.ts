import type { StoreMetrics, StoreStep } from '../../ports/metrics.ts'
import type { StoreTracing } from '../../ports/tracing.ts'

/** Does one step of a batch, or a whole read, and tells who watches how long it took. */
export type RunStep = <Result>(step: StoreStep, work: () => Promise<Result>) => Promise<Result>

/** What a step sends to the server, for who reads a trace. */
const STATEMENTS: Readonly<Record<StoreStep, string>> = {
  lock: 'BEGIN; SELECT user_wallet FOR UPDATE; SELECT user_wallet_transaction user_wallet_refusal',
  refuse: 'INSERT user_wallet_refusal',
  commit: 'INSERT user_wallet_transaction; UPDATE user_wallet; COMMIT',
  open_wallets: 'INSERT user_wallet; SELECT user_wallet',
  read_wallets: 'SELECT user_wallet',
  read_status: 'SELECT user_wallet_transaction user_wallet_refusal',
  read_history: 'SELECT user_wallet; SELECT user_wallet_transaction',
  inspect: 'SELECT',
  ping: 'SELECT wallet_migration',
}

export function watchSteps(metrics: StoreMetrics, tracing: StoreTracing): RunStep {
  return async (step, work) => {
    const start = performance.now()
    try {
      return await tracing.step(step, STATEMENTS[step], work)
    } finally {
      metrics.stepDone(step, performance.now() - start)
    }
  }
}

export const unwatched: RunStep = (_step, work) => work()
