import { after, type Instant, latest } from '../../domain/instant.ts'
import { decideState, type StateChange, type StateDecision, type StateRequest } from '../../domain/wallet-state.ts'
import type { BatchProgress } from './batch.ts'
import { type Connection, ConnectionError } from './connection.ts'
import { dialectOf } from './dialect.ts'
import { readInstant, type StateChangeRow, toWallet } from './rows.ts'
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
  const { clock, locked } = await dialectOf(connection).lock(connection, [request.userID], [])
  const [row] = locked
  const decision = decideState(row && toWallet(row), request.state)
  if (decision.kind !== 'changed') {
    await connection.roundTrip((sql) => [statements.rollback(sql)])
    return decision
  }
  const [[last]] = await connection.roundTrip((sql) => [statements.readLastChange(sql, request.userID)])
  const change = changeAfter(last, request, readInstant(clock.now))
  progress.committing = true
  const [inserted, updated, committed] = await connection.roundTrip((sql) => [
    statements.insertStateChange(sql, clock.xid, [change]),
    statements.updateState(sql, clock.xid, request.userID, request.state),
    statements.commit(sql),
  ])
  const written: readonly number[] = [inserted.count, updated.count]
  if (!written.every((count) => count === 1) || committed.command !== 'COMMIT')
    throw new ConnectionError('the change of state was not committed whole')
  return decision
}

/** The next change of a wallet, later than its last one whatever the clock does. */
function changeAfter(
  last: Pick<StateChangeRow, 'id' | 'changed_at'> | undefined,
  request: StateRequest,
  now: Instant,
): StateChange {
  if (last === undefined) return { ...request, id: 1n, changedAt: now }
  return { ...request, id: BigInt(last.id) + 1n, changedAt: latest(now, after(readInstant(last.changed_at), 1n)) }
}
