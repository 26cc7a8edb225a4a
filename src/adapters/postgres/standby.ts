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

export interface PostgresStandby extends Standby {
  /** Begins to compare it with the primary, which goes on until it is closed. It is not usable before. */
  start(): Promise<void>
}

/** Whose ledger a server has, and up to where. */
interface ServerPosition {
  /** It follows another server. */
  readonly isStandby: boolean
  /** Given to a cluster when it is made; all copies of it have the same. */
  readonly system: string
  /** The ledger's epoch: a copy of a history that was given up is in an earlier one. */
  readonly epoch: string
  /** Counts the promotions of a cluster. A standby says it as of its last restartpoint. */
  readonly timeline: number
  /** In the cluster's log, in bytes: up to there it has written, or as a standby replayed. */
  readonly position: bigint
}

/** How often the two servers are compared. */
const LOOK_MS = 1000

/** Where the primary was in its log, and when, as `performance.now()`. */
interface Mark {
  readonly position: bigint
  readonly at: number
}

/** Reads of a standby, for as long as it is one of this primary, and not too far behind it. */
export function createPostgresStandby(options: PostgresStandbyOptions): PostgresStandby {
  const { address, connections, primary, maxBehindMs, telemetry = NO_TELEMETRY, onChange } = options
  const step = watchSteps(telemetry)
  const pool = createConnectionPool(connections, () => openConnection(address, prepareStandby))
  telemetry.pool('standby', connections, pool.reading)
  const primaries = createConnectionPool(1, () => openConnection(primary, preparePosition))

  const createdAt = performance.now()
  const marksKept = Math.ceil(maxBehindMs / LOOK_MS) + 1
  /** Oldest first: where the standby has not come to. */
  let ahead: readonly Mark[] = []
  /** The standby has everything that was committed before this. */
  let reached: Mark | undefined
  let unusable: string | undefined = 'it was not asked yet'
  let closed = false

  const behindMs = () => performance.now() - (reached?.at ?? createdAt)
  const isTooOld = () => reached === undefined || behindMs() > maxBehindMs

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
      conclude(`a read failed: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
  }

  function note(ours: bigint, theirs: Mark): void {
    // One that is further back than before is another one, or was set back.
    if (reached !== undefined && ours < reached.position) reached = undefined
    const marks = [...ahead, theirs]
    reached = marks.findLast(({ position }) => position <= ours) ?? reached
    ahead = marks.filter(({ position }) => position > ours).slice(-marksKept)
  }

  async function compare(): Promise<void> {
    const at = performance.now()
    const theirs = await primaries.use(readPrimary).catch(() => undefined)
    const ours = await use('read_position', readPosition)
    if (ours === undefined) return
    const wrong = theirs === undefined ? unusable : objection(ours, theirs)
    if (theirs !== undefined && wrong === undefined) note(ours.position, { position: theirs.position, at })
    // Its name may soon lead to another server.
    if (wrong !== undefined) pool.renew()
    conclude(wrong ?? (isTooOld() ? `what it says may be more than ${maxBehindMs / 1000} s old` : undefined))
  }

  return {
    async start() {
      while (!closed) {
        await compare()
        await delay(LOOK_MS, undefined, { ref: false })
      }
    },

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
  if (ours.timeline !== theirs.timeline)
    return `it is on timeline ${ours.timeline}, and the primary on ${theirs.timeline}`
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
  const { standby, system, epoch, timeline, position } = row
  return { isStandby: standby, system, epoch, timeline, position: BigInt(position) }
}
