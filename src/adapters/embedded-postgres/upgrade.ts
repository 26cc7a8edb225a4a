import { access, realpath, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import type { ServerAddress } from '../../../db/address.ts'
import { type Account, serverAccount } from './account.ts'
import {
  type Cluster,
  clusterAt,
  createData,
  dataVersion,
  finishUpgrade,
  OWN_FOLDER,
  PGDATA,
  socketDirOf,
  syncData,
  syncFolder,
  UPGRADED,
} from './cluster.ts'
import { EmbeddedPostgresError } from './failure.ts'
import { explainOtherMajor, upgradeCommands } from './other-major.ts'
import { takeOwnership } from './owner.ts'
import { isRunning, lastWords, stopLeftover, stopServer } from './postmaster.ts'
import { findOldPrograms, findPrograms, type Programs } from './programs.ts'
import { addressAt, createDatabase, DATABASE, type Held, holdServer, noDatabase, waitForServer } from './server.ts'

export interface UpgradeOptions {
  readonly dataDir: string
  /** A folder that npm has put the programs of the old major version in. */
  readonly oldPrograms: string | undefined
  /** Brings everything from the old database to the new one, which is empty. If it fails, nothing has changed. */
  readonly move: (from: ServerAddress, to: ServerAddress) => Promise<void>
}

export interface Upgraded {
  /** Major versions of PostgreSQL. */
  readonly from: string
  readonly to: string
  /** Where the old data are now, which no one needs any more. */
  readonly oldData: string
}

/** A DATA_DIR in DATA_DIR, where the new data are made. */
const STAGING = 'upgrade'
/** What a service writes that does not notice that its server was exchanged would be lost. */
const READ_ONLY = { default_transaction_read_only: 'on' }
const MIB = 1024 * 1024
/** Of an empty cluster and its log. */
const EMPTY_BYTES = 100 * MIB
/** That the server keeps, at most; while it is loaded that is about as much again as the data. */
const MAX_LOG_BYTES = 2048 * MIB

/**
 * Brings the data in `dataDir` from another major version of PostgreSQL to ours. The old server serves them meanwhile, and
 * they stay as they are; the new ones are made beside them, and take their place when they are whole. However this ends,
 * `kill -9` and a loss of power too, either the old data or the new ones are in place, and all of them.
 *
 * @returns `undefined` if they are of our version already.
 * @throws {EmbeddedPostgresError} if it can't be done; what `move` throws, or the system.
 */
export async function upgradeData(options: UpgradeOptions): Promise<Upgraded | undefined> {
  const { dataDir } = options
  await finishUpgrade(dataDir)
  const from = await dataVersion(dataDir)
  if (from === undefined) throw noDatabase(dataDir)
  const folder = await realpath(dataDir)
  const account = await serverAccount(join(folder, PGDATA))
  const programs = await findPrograms(account)
  if (from === programs.major) {
    // The old one, of a run that was killed at its very end; not the server of a service.
    await endLeftover(folder)
    await removeStaged(folder)
    return undefined
  }
  const old = await oldCluster(options, from, programs, account)
  try {
    return await upgrade(options, old, { from, programs, folder })
  } finally {
    await old.release()
  }
}

async function oldCluster(
  { dataDir, oldPrograms }: UpgradeOptions,
  from: string,
  { major }: Programs,
  account: Account | undefined,
): Promise<Cluster> {
  const commands = upgradeCommands(dataDir, from)
  if (commands === undefined || Number(from) > Number(major))
    throw new EmbeddedPostgresError(explainOtherMajor(dataDir, from, major))
  if (oldPrograms === undefined)
    throw new EmbeddedPostgresError(
      `this needs the programs of PostgreSQL ${from}, which wrote the data, once more. Run: ${commands.join(' && ')}`,
    )
  const programs = await findOldPrograms(oldPrograms, from, account).catch((error: unknown) => {
    if (!(error instanceof EmbeddedPostgresError)) throw error
    throw new EmbeddedPostgresError(`${error.message}. Run: ${commands.join(' && ')}`)
  })
  const cluster = await clusterAt(dataDir, programs, account)
  const dataArgument = process.platform === 'linux' ? OWN_FOLDER : cluster.dataArgument
  return { ...cluster, dataArgument, settings: READ_ONLY }
}

interface Step {
  readonly from: string
  readonly programs: Programs
  /** DATA_DIR, as the system names it. */
  readonly folder: string
}

async function upgrade({ dataDir, move }: UpgradeOptions, old: Cluster, step: Step): Promise<Upgraded> {
  const { from, programs, folder } = step
  const oldData = join(folder, `${PGDATA}-${from}`)
  await requireAbsent(oldData)
  const held = await holdServer(old, dataDir)
  try {
    await requireAlone(held.owner)
    await requireRoom(held.owner, folder, dataDir)
    await removeStaged(folder)
    await createData(join(folder, STAGING), programs, old.account)
    const next = await clusterAt(join(folder, STAGING), programs, old.account)
    try {
      await load(next, (to) => move(addressAt(old.socketDir), to))
    } finally {
      await next.release()
    }
    await exchange(old, held, folder, oldData)
  } finally {
    await stopServer(held.server)
    await held.owner.end()
    // Otherwise the next run does it.
    await removeStaged(folder).catch(() => {})
  }
  return { from, to: programs.major, oldData }
}

/** Has a server run on the new data until they are loaded, and the disk has them. */
async function load(next: Cluster, move: (to: ServerAddress) => Promise<void>): Promise<void> {
  const held = await holdServer(next, next.folder)
  try {
    await createDatabase(held.owner)
    await move(addressAt(next.socketDir))
  } catch (error) {
    if (isRunning(held.server)) throw error
    throw new EmbeddedPostgresError(`the new server did not go on: ${await lastWords(next, held.server)}`)
  } finally {
    await stopServer(held.server)
    await held.owner.end()
  }
  await syncData(next)
}

/**
 * The old data go aside, the new ones take their place. Meanwhile the old server still runs, and holds the lock by which a
 * service that starts is refused. A kill between the renames leaves what the next start finishes.
 *
 * A server that knows its data by a path ends before: it would write its last state to whatever has that path then, the new data.
 */
async function exchange(old: Cluster, { server, owner }: Held, folder: string, oldData: string): Promise<void> {
  await rename(join(folder, STAGING, PGDATA), join(folder, UPGRADED))
  await syncFolder(folder)
  // The lock is lost if the server has ended, and then the data may be in use again.
  await owner.query('SELECT')
  if (old.dataArgument !== OWN_FOLDER) await stopServer(server)
  await rename(join(folder, PGDATA), oldData)
  await syncFolder(folder)
  await finishUpgrade(folder)
}

async function requireAbsent(oldData: string): Promise<void> {
  if (await exists(oldData))
    throw new EmbeddedPostgresError(
      `${oldData}, where the old data would go, is there already: rename it, or remove it`,
    )
}

/** Nothing is left behind in silence. */
async function requireAlone(owner: pg.Client): Promise<void> {
  const { rows } = await owner.query<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE datname NOT IN ('${DATABASE}', 'postgres', 'template0', 'template1')`,
  )
  if (rows[0] !== undefined)
    throw new EmbeddedPostgresError(
      `the old server has a database that the service did not make, ${rows[0].datname}: with the version that wrote the data, move it to a server of your own, or drop it`,
    )
}

/** The new data are smaller than the old ones, if anything: what was updated has left gaps there. */
async function requireRoom(owner: pg.Client, folder: string, dataDir: string): Promise<void> {
  const { rows } = await owner.query<{ bytes: string }>(
    'SELECT pg_database_size(datname)::text AS bytes FROM pg_database WHERE datname = $1',
    [DATABASE],
  )
  if (rows[0] === undefined) throw noDatabase(dataDir)
  const data = Number(rows[0].bytes)
  const needed = data + Math.min(data, MAX_LOG_BYTES) + EMPTY_BYTES
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= needed) return
  const inMiB = (bytes: number) => Math.ceil(bytes / MIB)
  throw new EmbeddedPostgresError(
    `there is too little room on the disk of DATA_DIR ${dataDir}: ${inMiB(needed)} MiB are needed beside the old data, ${inMiB(bavail * bsize)} MiB are free`,
  )
}

/** What an upgrade that failed or was killed has made, and the server that it left there. */
async function removeStaged(folder: string): Promise<void> {
  const staging = join(folder, STAGING)
  if (await exists(staging)) await endLeftover(staging)
  await rm(staging, { recursive: true, force: true, maxRetries: 5 })
  // Without data in place those are the only ones that a start will find.
  if ((await dataVersion(folder)) !== undefined)
    await rm(join(folder, UPGRADED), { recursive: true, force: true, maxRetries: 5 })
}

/** Ends the server in a folder that no one holds. */
async function endLeftover(folder: string): Promise<void> {
  const { socketDir, release } = await socketDirOf(folder)
  try {
    const owner = await waitForServer({ socketDir, folder }, undefined)
    if (owner === undefined) return
    if ((await takeOwnership(owner)) === 'ours') await stopLeftover(owner)
    await owner.end()
  } finally {
    await release()
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
