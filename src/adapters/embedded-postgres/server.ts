import { type ChildProcess, execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chown, lstat, mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import type { ServerAddress } from '../../ports/server-address.ts'
import { type Account, runAs, unprivilegedAccount } from './account.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { EmbeddedPostgresError, messageOf } from './failure.ts'
import { holdFolder, isHeld } from './owner.ts'
import {
  endWithUs,
  type PostmasterOptions,
  SOCKET_LOCK,
  startPostmaster,
  stopLeftover,
  stopPostmaster,
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

const PORT = 5432
const USER = 'wallet'
const DATABASE = 'wallet'
const PGDATA = 'postgres'
/** The socket by which a process holds the folder. */
const OWNER = 'owner'
/** The kernel's limit for the path of a Unix socket, less the name of the longest one. */
const MAX_SOCKET_DIR_BYTES = 107 - `/${SOCKET_LOCK}`.length
const MAX_LOG_BYTES = 1024 * 1024
const RESTART_DELAY_MS = 250
const LEFTOVER_LIMIT_MS = 10_000
const STAGING = 'postgres.new.'

const execute = promisify(execFile)

/**
 * Starts a PostgreSQL of our own on `dataDir`, which is made where it is missing. What a killed service left running
 * there is ended first, and PostgreSQL recovers everything that was committed. A server that crashes is started again.
 * However this process ends, short of `kill -9`, the server ends too.
 *
 * @throws {EmbeddedPostgresError} where it can't be had.
 */
export async function startEmbeddedPostgres({ dataDir, onCrash }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    const binaries = await findBinaries()
    const account = await unprivilegedAccount()
    const folder = await makeFolder(dataDir, account)
    const socketDir = socketFolder(folder)
    if (socketDir !== folder) await makeShortFolder(socketDir, account)
    const release = await holdFolder(join(socketDir, OWNER), dataDir)
    try {
      return await startServer({ binaries, account, folder, socketDir, onCrash, release })
    } catch (error) {
      await release()
      throw error
    }
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error
    throw new EmbeddedPostgresError(`DATA_DIR ${dataDir} can't be used: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * The server on data that are there already: the one of the service that runs on them, which `stop` leaves alone, or
 * else one of our own as {@link startEmbeddedPostgres} starts it.
 *
 * @throws {EmbeddedPostgresError} where there are no data, or no server can be had.
 */
export async function joinEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir } = options
  if (!(await exists(join(dataDir, PGDATA, 'PG_VERSION'))))
    throw new EmbeddedPostgresError(`there is no database in DATA_DIR ${dataDir}`)
  const socketDir = socketFolder(await realpath(dataDir))
  if (!(await isHeld(join(socketDir, OWNER)))) return startEmbeddedPostgres(options)
  return { address: addressAt(socketDir), stop: async () => {} }
}

interface StartOptions {
  readonly binaries: Binaries
  readonly account: Account | undefined
  readonly folder: string
  readonly socketDir: string
  readonly onCrash: (message: string) => void
  readonly release: () => Promise<void>
}

async function startServer(start: StartOptions): Promise<EmbeddedPostgres> {
  const { binaries, account, folder, socketDir, onCrash, release } = start
  const pgdata = join(folder, PGDATA)
  const logFile = join(folder, 'postgres.log')
  const options: PostmasterOptions = { binary: binaries.postgres, account, pgdata, socketDir, logFile }

  await stopLeftover(options)
  await limitLog(logFile)
  await initialise(binaries.initdb, account, folder, pgdata)
  let server = await startAfterLeftover(options)
  let stopping = false
  let restarting: Promise<void> | undefined

  function watch(running: ChildProcess): void {
    running.once('exit', (code, signal) => {
      if (!stopping) restarting = restart(`the embedded PostgreSQL ended with ${signal ?? `exit code ${code}`}`)
    })
  }

  async function restart(reason: string): Promise<void> {
    let message = reason
    while (!stopping) {
      onCrash(`${message}; starting it again`)
      await delay(RESTART_DELAY_MS)
      if (stopping) return
      try {
        server = await startPostmaster(options)
        watch(server)
        return
      } catch (error) {
        message = messageOf(error)
      }
    }
  }

  try {
    await createDatabase(socketDir)
  } catch (error) {
    await stopPostmaster(server)
    throw error
  }
  watch(server)
  return {
    address: addressAt(socketDir),
    async stop() {
      stopping = true
      await restarting
      await stopPostmaster(server)
      await release()
    },
  }
}

/** The backends of a server that was killed end by themselves, but not at once. */
async function startAfterLeftover(options: PostmasterOptions): Promise<ChildProcess> {
  const deadline = performance.now() + LEFTOVER_LIMIT_MS
  for (;;) {
    try {
      return await startPostmaster(options)
    } catch (error) {
      if (!messageOf(error).includes('is still in use') || performance.now() > deadline) throw error
      await delay(RESTART_DELAY_MS)
    }
  }
}

/** Made for the account alone, so that only it and we may connect. */
async function makeFolder(path: string, account: Account | undefined): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (account !== undefined) await chown(path, account.uid, account.gid)
  return realpath(path)
}

/** Makes the folder for the sockets alone. Others may write beside it: it must be our own. */
async function makeShortFolder(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch(() => {})
  const found = await lstat(path)
  const owners = [process.getuid?.() ?? found.uid, account?.uid]
  if (!found.isDirectory() || !owners.includes(found.uid) || (found.mode & 0o077) !== 0)
    throw new Error(`${path} belongs to somebody else, and the path of DATA_DIR is too long for a socket`)
  await makeFolder(path, account)
}

/** Where the sockets of the data in `folder` are: there too, unless its path is too long for one. */
function socketFolder(folder: string): string {
  if (Buffer.byteLength(folder) <= MAX_SOCKET_DIR_BYTES) return folder
  return join(tmpdir(), `wallet-service-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
}

/** Makes the cluster aside and renames it, so that one that was cut short is never taken for a whole one. */
async function initialise(initdb: string, account: Account | undefined, folder: string, pgdata: string): Promise<void> {
  if (await exists(join(pgdata, 'PG_VERSION'))) return
  // A name of its own: the initdb of a service that was killed may still be writing to the one before.
  for (const name of await readdir(folder))
    if (name.startsWith(STAGING)) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 })
  const staging = join(folder, `${STAGING}${process.pid}`)
  const flags = [
    '--encoding=UTF8',
    '--locale=C',
    `--username=${USER}`,
    '--auth-local=trust',
    '--auth-host=reject',
    '--no-instructions',
  ]
  const { command, parameters, identity } = await runAs(account, [initdb, '-D', staging, ...flags], [staging])
  const running = execute(command, parameters, { ...identity, cwd: '/' })
  endWithUs(running.child)
  await running
  await rename(staging, pgdata)
}

function addressAt(socketDir: string): ServerAddress {
  return { host: socketDir, port: PORT, user: USER, password: '', database: DATABASE, sslmode: 'disable' }
}

async function createDatabase(host: string): Promise<void> {
  const client = new pg.Client({ host, port: PORT, user: USER, database: 'postgres' })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
  } finally {
    await client.end()
  }
}

async function limitLog(logFile: string): Promise<void> {
  if ((await exists(logFile)) && (await stat(logFile)).size > MAX_LOG_BYTES) await rename(logFile, `${logFile}.old`)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
