import type { Instant } from '../../domain/instant.ts'
import type { StoredOutcome } from '../../domain/outcome.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { Reads } from '../../ports/wallet-store.ts'
import * as citus from './citus-statements.ts'
import { type Lane, LaneError } from './lane.ts'
import { type KnownRow, knownOutcomes, type MomentRow, type OutcomeRow, readInstant } from './rows.ts'
import * as statements from './statements.ts'

interface Known {
  readonly moment: MomentRow | undefined
  readonly known: readonly (OutcomeRow | KnownRow)[]
}

/** What came of a transaction ID, and the database's time. */
export async function readOutcome(
  lane: Lane,
  userID: UserID,
  transactionID: TransactionID,
): Promise<{ stored: StoredOutcome | undefined; now: Instant }> {
  const ids = [{ userID, transactionID }]
  const { moment, known } = await (lane.isDistributed() ? readOnCitus(lane, ids) : readInOneDatabase(lane, ids))
  if (moment === undefined) throw new LaneError('no answer')
  return { stored: knownOutcomes(known).get(transactionID), now: readInstant(moment.now) }
}

async function readInOneDatabase(lane: Lane, ids: Reads['transactionIDs']): Promise<Known> {
  const [known] = await lane.roundTrip((sql) => [statements.readOutcomes(sql, ids)])
  return { moment: known[0], known }
}

async function readOnCitus(lane: Lane, ids: Reads['transactionIDs']): Promise<Known> {
  const [moments, known] = await lane.roundTrip((sql) => [citus.readTime(sql), citus.readOutcomes(sql, ids)])
  return { moment: moments[0], known }
}

/** Runs each statement that {@link readOutcome} sends, on nothing. */
export async function prepareOutcome(lane: Lane): Promise<void> {
  if (lane.isDistributed()) {
    await lane.roundTrip((sql) => [citus.readTime(sql)])
    await lane.roundTrip((sql) => [citus.readOutcomes(sql, [])])
  } else await lane.roundTrip((sql) => [statements.readOutcomes(sql, [])])
}
