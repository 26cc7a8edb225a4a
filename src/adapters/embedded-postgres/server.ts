import { type ChildProcess, execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chown, mkdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import type { ServerAddress } from '../../ports/server-address.ts'
import { type Account, runAs, unprivilegedAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { holdFolder } from './owner.ts'
import { type PostmasterOptions, startPostmaster, stopLeftover, stopPostmaster } from './postmaster.ts'

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
/** The kernel's limit for the path of a Unix socket, less the name of the longest one. */
const MAX_SOCKET_DIR_BYTES = 107 - '/.s.PGSQL.5432.lock'.length
const MAX_LOG_BYTES = 1024 * 1024
const RESTART_DELAY_MS = 250

const execute = promisify(execFile)

/**
 * Starts a PostgreSQL of our own on `dataDir`, which is made where it is missing. What a killed service left running
 * there is ended first, and PostgreSQL recovers everything that was committed. A server that crashes is started again.
 */
export async function startEmbeddedPostgres({ dataDir, onCrash }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries()
  const account = await unprivilegedAccount()
  const folder = await makeFolder(dataDir, account)
  const socketDir =
    Buffer.byteLength(folder) <= MAX_SOCKET_DIR_BYTES ? folder : await makeFolder(shortFolder(folder), account)
  const release = await holdFolder(join(socketDir, 'owner'), dataDir)
  const pgdata = join(folder, 'postgres')
  const logFile = join(folder, 'postgres.log')
  const options: PostmasterOptions = { binary: binaries.postgres, account, pgdata, socketDir, logFile }

  await stopLeftover(pgdata)
  await limitLog(logFile)
  await initialise(binaries.initdb, account, folder, pgdata)
  let server = await startPostmaster(options)
  let stopping = false

  /** However we end, the server is told to. */
  const stopAtExit = () => server.kill('SIGINT')
  process.on('exit', stopAtExit)

  function watch(running: ChildProcess): void {
    running.once('exit', (code, signal) => {
      if (!stopping)
        void restart(`the embedded PostgreSQL ended with ${signal ?? `exit code ${code}`}; starting it again`)
    })
  }

  async function restart(message: string): Promise<void> {
    onCrash(message)
    await delay(RESTART_DELAY_MS)
    if (stopping) return
    try {
      server = await startPostmaster(options)
      if (stopping) await stopPostmaster(server)
      else watch(server)
    } catch (error) {
      void restart(error instanceof Error ? error.message : String(error))
    }
  }

  watch(server)
  await createDatabase(socketDir)
  return {
    address: { host: socketDir, port: PORT, user: USER, password: '', database: DATABASE, sslmode: 'disable' },
    async stop() {
      stopping = true
      await stopPostmaster(server)
      process.off('exit', stopAtExit)
      await release()
    },
  }
}

/** Made for the account alone, so that only it and we may connect. */
async function makeFolder(path: string, account: Account | undefined): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  if (account !== undefined) await chown(path, account.uid, account.gid)
  return realpath(path)
}

function shortFolder(folder: string): string {
  return join(tmpdir(), `wallet-service-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
}

/** Makes the cluster aside and renames it, so that one that was cut short is never taken for a whole one. */
async function initialise(initdb: string, account: Account | undefined, folder: string, pgdata: string): Promise<void> {
  if (await exists(join(pgdata, 'PG_VERSION'))) return
  const staging = join(folder, 'postgres.new')
  await rm(staging, { recursive: true, force: true })
  const flags = [
    '--encoding=UTF8',
    '--locale=C',
    `--username=${USER}`,
    '--auth-local=trust',
    '--auth-host=reject',
    '--no-instructions',
  ]
  const { command, parameters, identity } = await runAs(account, [initdb, '-D', staging, ...flags], [staging])
  await execute(command, parameters, { ...identity, cwd: '/' })
  await rename(staging, pgdata)
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
