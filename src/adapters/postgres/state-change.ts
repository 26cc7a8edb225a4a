import { decideState, type StateDecision, type StateRequest } from '../../domain/wallet-state.ts'
import type { BatchProgress } from './batch.ts'
import { type Connection, ConnectionError } from './connection.ts'
import { dialectOf } from './dialect.ts'
import { toWallet } from './rows.ts'
import * as statements from './statements.ts'

/**
 * Lock, decide, write, commit, as a batch does: while the wallet is locked no batch decides on it, and the next one that does
 * sees the new state.
 */
export async function changeState(
  connection: Connection,
  request: StateRequest,
  progress: BatchProgress,
): Promise<StateDecision> {
  const dialect = dialectOf(connection)
  const { clock, locked } = await dialect.lock(connection, [request.userID], [])
  const [row] = locked
  const decision = decideState(row && toWallet(row), request.state)
  if (decision.kind !== 'changed') {
    await connection.roundTrip((sql) => [statements.rollback(sql)])
    return decision
  }
  progress.committing = true
  const done = await dialect.changeState(connection, clock, request)
  if (!done) throw new ConnectionError('the change of state was not committed')
  return decision
}
