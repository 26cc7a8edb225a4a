import { setTimeout as delay } from 'node:timers/promises'
import type { ServerAddress } from '../../../db/address.ts'
import type { Standby } from '../../ports/standby.ts'
import { NO_TELEMETRY, type Telemetry } from '../../ports/telemetry.ts'
import { type Connection, ConnectionError, openConnection } from './connection.ts'
import { readPage } from './history.ts'
import { createConnectionPool } from './pool.ts'
import { preparePosition, prepareStandby } from './prepare.ts'
import { toWallet } from './rows.ts'
import * as statements from './statements.ts'
import { type StoreStep, watchSteps } from './steps.ts'

export interface PostgresStandbyOptions {
  readonly address: ServerAddress
  readonly connections: number
  /** Of the primary, to compare the two. */
  readonly primary: ServerAddress
  /** How old at most may be what it says. */
  readonly maxBehindMs: number
  readonly telemetry?: Telemetry
  /** Told when it becomes usable, with `undefined`, and when it no longer is, with the reason. */
  readonly onChange: (reason: string | undefined) => void
}

/** Whose ledger a server has, and up to where. */
interface ServerPosition {
  /** It follows another server. */
  readonly isStandby: boolean
  /** Given to a cluster when it is made; all copies of it have the same. */
  readonly system: string
  /** The ledger's epoch: a copy of a history that was given up is in an earlier one. */
  readonly epoch: string
  /** In the cluster's log, in bytes: up to there it has written, or as a standby replayed. */
  readonly position: bigint
}

/** How often the two servers are compared. */
const LOOK_MS = 1000

/** Reads of a standby. It is compared with the primary again and again until it is closed, and not usable before the first time. */
export function createPostgresStandby(options: PostgresStandbyOptions): Standby {
  const { address, connections, primary, maxBehindMs, telemetry = NO_TELEMETRY, onChange } = options
  const step = watchSteps(telemetry)
  const pool = createConnectionPool(connections, () => openConnection(address, prepareStandby))
  telemetry.pool('standby', connections, pool.reading)
  const primaries = createConnectionPool(1, () => openConnection(primary, preparePosition))

  const marksKept = Math.ceil(maxBehindMs / LOOK_MS) + 1
  /** Where the primary was, and when, oldest first: places that the standby had not reached. */
  let ahead: readonly { readonly position: bigint; readonly at: number }[] = []
  /** The standby has everything that was committed before this moment; at first only the moment of our own start. */
  let completeUntil = performance.now()
  let unusable: string | undefined = 'it was not asked yet'
  let closed = false

  const behindMs = () => performance.now() - completeUntil
  const isTooOld = () => behindMs() > maxBehindMs

  function conclude(reason: string | undefined): void {
    if (reason === unusable || closed) return
    unusable = reason
    onChange(reason)
  }

  /** Whatever a standby fails with, the primary can be asked. */
  async function use<Result>(
    name: StoreStep,
    work: (connection: Connection) => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      return await pool.use((connection) => step(name, () => work(connection)))
    } catch (error) {
      conclude(`it does not answer: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }

  async function compare(): Promise<void> {
    const at = performance.now()
    // While the primary is not there either, nothing new is known: what the standby says just grows older.
    const theirs = await primaries.use(readPrimary).catch(() => undefined)
    const ours = await use('read_position', readPosition)
    if (theirs === undefined || ours === undefined) return
    const marks = [...ahead, { position: theirs.position, at }]
    ahead = marks.filter(({ position }) => position > ours.position).slice(-marksKept)
    completeUntil = Math.max(
      completeUntil,
      ...marks.filter(({ position }) => position <= ours.position).map(({ at }) => at),
    )
    conclude(objection(ours, theirs) ?? (isTooOld() ? `it is more than ${maxBehindMs / 1000} s behind` : undefined))
  }

  async function keepComparing(): Promise<void> {
    while (!closed) {
      await compare()
      await delay(LOOK_MS, undefined, { ref: false })
    }
  }

  void keepComparing()
  return {
    reading: () => ({ usable: unusable === undefined && !isTooOld(), behindMs: behindMs() }),

    async wallets(userIDs) {
      const rows = await use('standby_wallet', async (connection) => {
        const [rows] = await connection.roundTrip((sql) => [statements.readWallets(sql, userIDs)])
        return rows
      })
      const wallets = new Map(rows?.map((row) => [row.user_id, toWallet(row)]))
      return userIDs.map((userID) => wallets.get(userID))
    },

    history: (query) => use('standby_history', (connection) => readPage(connection, query)),

    async close() {
      closed = true
      await Promise.all([pool.close(), primaries.close()])
    },
  }
}

/** Why a server is not the standby of this primary. */
function objection(ours: ServerPosition, theirs: ServerPosition): string | undefined {
  if (ours.system !== theirs.system) return 'it is no copy of the server of DATABASE_URL'
  if (!ours.isStandby) return 'it is no standby'
  if (ours.epoch !== theirs.epoch) return 'it does not know that the ledger was declared restored'
  return undefined
}

/** @throws {ConnectionError} if another server is the primary by now. */
async function readPrimary(connection: Connection): Promise<ServerPosition> {
  const position = await readPosition(connection)
  if (position.isStandby) throw new ConnectionError('it is a standby')
  return position
}

async function readPosition(connection: Connection): Promise<ServerPosition> {
  const [[row]] = await connection.roundTrip((sql) => [statements.readPosition(sql)])
  if (row === undefined) throw new ConnectionError('no answer')
  return { isStandby: row.standby, system: row.system, epoch: row.epoch, position: BigInt(row.position) }
}
