import { realpath } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { ServerAddress } from '../../../db/address.ts'
import { type Cluster, dataVersion, finishUpgrade, PORT, prepareCluster, socketDirOf, USER } from './cluster.ts'
import { EmbeddedPostgresError, messageOf } from './failure.ts'
import { connectTo, takeOwnership } from './owner.ts'
import {
  ended,
  howItEnded,
  isRunning,
  launch,
  logFile,
  mayTryAgain,
  RESTART_DELAY_MS,
  type Server,
  stopLeftover,
  stopServer,
} from './postmaster.ts'

export interface EmbeddedPostgres {
  /** A Unix socket, which needs no password. */
  readonly address: ServerAddress
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  readonly dataDir: string
  /** Told when the server ended by itself and is started again. */
  readonly onCrash: (message: string) => void
}

export const DATABASE = 'wallet'
const ANOTHER_SERVER_LIMIT_MS = 30_000
const POLL_MS = 20
/** After a crash it reads its log of up to `max_wal_size` again. */
const START_LIMIT_MS = 5 * 60_000

/**
 * Starts a PostgreSQL of our own on `dataDir`, which is made if it is missing. What a killed service left running there is
 * ended first, and PostgreSQL recovers everything that was committed. A server that crashes is started again. However this
 * process ends, short of `kill -9`, the server ends too.
 *
 * @throws {EmbeddedPostgresError} if there is none to be had, or if another service has it.
 */
export async function startEmbeddedPostgres({ dataDir, onCrash }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return explaining(dataDir, async () => {
    const cluster = await prepareCluster(dataDir)
    try {
      return await keepServer(cluster, dataDir, onCrash)
    } catch (error) {
      await cluster.release()
      throw error
    }
  })
}

/**
 * The server on data that are there already: the one that runs on them, which `stop` leaves alone, or else one of our own
 * as {@link startEmbeddedPostgres} starts it.
 *
 * @throws {EmbeddedPostgresError} if there are no data, or no server can be had.
 */
export async function joinEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir } = options
  return explaining(dataDir, async () => {
    await finishUpgrade(dataDir)
    if ((await dataVersion(dataDir)) === undefined) throw noDatabase(dataDir)
    const { socketDir, release } = await socketDirOf(await realpath(dataDir))
    const running = await connectTo(socketDir)
    if (running === 'no server' || running === 'not now') {
      await release()
      return startEmbeddedPostgres(options)
    }
    await running.end()
    return { address: addressAt(socketDir), stop: release }
  })
}

export function noDatabase(dataDir: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(`there is no database in DATA_DIR ${dataDir}`)
}

/** Whatever goes wrong is told in one line. */
async function explaining<Result>(dataDir: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error
    throw new EmbeddedPostgresError(`DATA_DIR ${dataDir} can't be used: ${messageOf(error)}`, { cause: error })
  }
}

/** A server of ours, and the connection that says so. */
export interface Held {
  readonly server: Server
  readonly owner: pg.Client
}

async function keepServer(
  cluster: Cluster,
  dataDir: string,
  onCrash: (message: string) => void,
): Promise<EmbeddedPostgres> {
  let held = await holdServer(cluster, dataDir)
  let stopping = false
  let recovery: Promise<void> | undefined

  function watch({ server, owner }: Held): void {
    owner.once('end', () => {
      if (!stopping) recovery = recover(server)
    })
  }

  /** The server has ended, or lost a process of its own and recovers by itself. */
  async function recover(server: Server): Promise<void> {
    await Promise.race([ended(server), delay(RESTART_DELAY_MS)])
    let current = isRunning(server) ? server : undefined
    let message =
      current === undefined
        ? `the embedded PostgreSQL ended with ${howItEnded(server)}; starting it again`
        : 'the embedded PostgreSQL has ended all connections; waiting for it'
    while (!stopping) {
      onCrash(message)
      try {
        held = await holdServer(cluster, dataDir, current)
        watch(held)
        return
      } catch (error) {
        message = `${messageOf(error)}; starting it again`
        current = undefined
        await delay(RESTART_DELAY_MS)
      }
    }
  }

  try {
    await createDatabase(held.owner)
  } catch (error) {
    await stopServer(held.server)
    throw error
  }
  watch(held)
  return {
    address: addressAt(cluster.socketDir),
    async stop() {
      stopping = true
      await recovery
      await stopServer(held.server)
      await held.owner.end()
      await cluster.release()
    },
  }
}

/**
 * Has a server run on the data that belongs to this process alone. A lock in the server says whose it is: it goes with the
 * connection that took it, so that a service that was killed holds nothing, and of several at once one gets it.
 *
 * @param current the server that this process started before, if it still runs.
 * @throws {EmbeddedPostgresError} if another service has the server, or none can be started.
 */
export async function holdServer(cluster: Cluster, dataDir: string, current?: Server): Promise<Held> {
  const giveUp = performance.now() + ANOTHER_SERVER_LIMIT_MS
  let server = current
  for (;;) {
    const owner = await waitForServer(cluster, server)
    if (owner === undefined) {
      if (server !== undefined) await mayTryAgain(cluster, server, giveUp)
      server = await launch(cluster)
      continue
    }
    const answer = await takeOwnership(owner)
    if (answer === 'ours' && isRunning(server)) return { server, owner }
    // A service that was killed has left it behind, with settings or programs that may not be ours.
    if (answer === 'ours') await stopLeftover(owner)
    await owner.end()
    if (typeof answer === 'object')
      throw new EmbeddedPostgresError(
        `DATA_DIR ${dataDir} is in use by another wallet service (process ${answer.holder}): stop it, or give this one a DATA_DIR or a DATABASE_URL of its own`,
      )
  }
}

/** A connection to the server, as soon as it serves; `undefined` if there is none, or it has ended. */
export async function waitForServer(
  cluster: Pick<Cluster, 'folder' | 'socketDir'>,
  server: Server | undefined,
): Promise<pg.Client | undefined> {
  const deadline = performance.now() + START_LIMIT_MS
  for (;;) {
    const found = await connectTo(cluster.socketDir)
    if (found instanceof pg.Client) return found
    if (found === 'no server' && !isRunning(server)) return undefined
    if (performance.now() > deadline)
      throw new EmbeddedPostgresError(
        `the embedded PostgreSQL was not ready after ${START_LIMIT_MS / 60_000} minutes; see ${logFile(cluster)}`,
      )
    await delay(POLL_MS)
  }
}

export function addressAt(socketDir: string): ServerAddress {
  return { host: socketDir, port: PORT, user: USER, password: '', database: DATABASE, sslmode: 'disable' }
}

export async function createDatabase(owner: pg.Client): Promise<void> {
  const { rowCount } = await owner.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE])
  if (rowCount === 0) await owner.query(`CREATE DATABASE ${DATABASE}`)
}
