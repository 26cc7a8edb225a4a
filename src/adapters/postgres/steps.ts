import type { Telemetry } from '../../ports/telemetry.ts'

/** What a step sends to the server, in short, for those who read a trace. One stay at the database: a round trip, or the few of one read. */
const STATEMENTS = {
  /** Begins a batch, waits for the locks of its wallets, and reads the outcomes of its transaction IDs. */
  lock: 'BEGIN; SELECT user_wallet FOR UPDATE; SELECT user_wallet_transaction user_wallet_refusal',
  refuse: 'INSERT user_wallet_refusal',
  /** Writes a batch and commits it. */
  commit: 'INSERT user_wallet_transaction; UPDATE user_wallet; COMMIT',
  /** The whole of it. */
  change_state: 'BEGIN; SELECT user_wallet FOR UPDATE; INSERT user_wallet_state_change; UPDATE user_wallet; COMMIT',
  open: 'INSERT user_wallet; SELECT user_wallet',
  read_wallet: 'SELECT user_wallet',
  read_status: 'SELECT user_wallet_transaction user_wallet_refusal',
  read_history: 'SELECT user_wallet; SELECT user_wallet_transaction',
  /** For those who follow a wallet. */
  read_news: 'SELECT user_wallet_transaction',
  read_wallet_at: 'SELECT user_wallet FOR SHARE; SELECT user_wallet user_wallet_transaction user_wallet_state_change',
  read_statement: 'SELECT user_wallet FOR SHARE; SELECT user_wallet user_wallet_transaction',
  read_feed: 'SELECT user_wallet_transaction',
  /** On the standby; the last one to compare it with the primary. */
  standby_wallet: 'SELECT user_wallet',
  standby_history: 'SELECT user_wallet; SELECT user_wallet_transaction',
  read_position: 'SELECT pg_control_system transaction_id_key',
  read_epochs: 'SELECT transaction_id_key',
  /** For the console. */
  inspect: 'SELECT',
  ping: 'SELECT wallet_migration',
} as const
export type StoreStep = keyof typeof STATEMENTS

/** Does one step of a batch, or a whole read, and tells how long it took. */
export type RunStep = <Result>(step: StoreStep, work: () => Promise<Result>) => Promise<Result>

export function watchSteps(telemetry: Telemetry): RunStep {
  return async (step, work) => {
    const start = performance.now()
    try {
      return await telemetry.step(step, STATEMENTS[step], work)
    } finally {
      telemetry.stepDone(step, performance.now() - start)
    }
  }
}
