import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { endWithUs } from './child.ts'
import { type Cluster, removeStaleLocks } from './cluster.ts'
import { EmbeddedPostgresError } from './failure.ts'
import { PROGRAM_ENVIRONMENT } from './programs.ts'

/** What differs from PostgreSQL's defaults. `fsync` and `synchronous_commit` stay on. */
const SETTINGS: Readonly<Record<string, string>> = {
  // Only a socket in DATA_DIR, beside the data in which the server works: no port is taken.
  listen_addresses: '',
  unix_socket_directories: '..',
  // There is no password, so no one but root and the server's own account may connect.
  unix_socket_permissions: '0700',
  max_connections: '50',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  log_checkpoints: 'off',
}

/** What a server says that found another one, or a process of one that was killed: a moment later that looks different. */
const ANOTHER_SERVER = /lock file "[^"]+" (?:already exists|is empty)|is still in use/
export const RESTART_DELAY_MS = 250
const STOP_LIMIT_MS = 30_000
const MAX_LOG_BYTES = 1024 * 1024
const LAST_LOG_LINES = 3

/** A process of the server that this one has started. */
export interface Server {
  readonly process: ChildProcess
  /** Where in the log its lines begin. */
  readonly logFrom: number
}

/** Starts a server. It outlives a terminal's Ctrl-C, which is meant for us. */
export async function launch(cluster: Cluster): Promise<Server> {
  const { programs, account, pgdata, dataArgument } = cluster
  const settings = Object.entries({ ...SETTINGS, ...cluster.settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const log = await openLog(cluster)
  try {
    const logFrom = (await log.stat()).size
    const server = spawn(programs.postgres, ['-D', dataArgument, ...settings], {
      ...{ ...account, cwd: pgdata, env: PROGRAM_ENVIRONMENT, detached: true },
      stdio: ['ignore', log.fd, log.fd],
    })
    endWithUs(server)
    await once(server, 'spawn')
    return { process: server, logFrom }
  } finally {
    await log.close()
  }
}

/** @throws {EmbeddedPostgresError} why the server ended, if another attempt would end like this one. */
export async function mayTryAgain(cluster: Cluster, server: Server, giveUp: number): Promise<void> {
  const log = await logOf(cluster, server)
  // With exit code 0 it was told to stop: by another start, which took it for one that a killed service had left behind.
  const another = server.process.exitCode === 0 || ANOTHER_SERVER.test(log)
  if (!another || performance.now() > giveUp)
    throw new EmbeddedPostgresError(`the embedded PostgreSQL did not start: ${await lastWords(cluster, server)}`)
  await removeStaleLocks(cluster)
  await delay(RESTART_DELAY_MS)
}

/** How a server ended, and the last lines of its log. */
export async function lastWords(cluster: Cluster, server: Server): Promise<string> {
  const lastLines = (await logOf(cluster, server)).trim().split('\n').slice(-LAST_LOG_LINES).join(' | ')
  return `it ended with ${howItEnded(server)}; ${logFile(cluster)} ends with: ${lastLines}`
}

async function logOf(cluster: Cluster, { logFrom }: Server): Promise<string> {
  return (await readFile(logFile(cluster))).subarray(logFrom).toString()
}

export function isRunning(server: Server | undefined): server is Server {
  return server !== undefined && server.process.exitCode === null && server.process.signalCode === null
}

export function howItEnded({ process: { signalCode, exitCode } }: Server): string {
  return signalCode ?? `exit code ${exitCode}`
}

export async function ended(server: Server): Promise<void> {
  if (isRunning(server)) await once(server.process, 'exit')
}

/** Ends the server as `fast` does: open transactions are rolled back, everything committed is kept. */
export async function stopServer(server: Server): Promise<void> {
  server.process.kill('SIGINT')
  const timer = setTimeout(() => server.process.kill('SIGQUIT'), STOP_LIMIT_MS)
  await ended(server)
  clearTimeout(timer)
}

/**
 * The same for a server that is no child of ours; it is over when our connection is, and no one else may have it before.
 * It reads its number by itself: an upgrade that was killed may have renamed the folder of its data.
 */
export async function stopLeftover(owner: pg.Client): Promise<void> {
  // Not events.once, which takes the error that comes first for a failure.
  const stopped = new Promise<void>((resolve) => owner.once('end', () => resolve()))
  const pid = await owner.query<{ file: string }>(`SELECT pg_read_file('postmaster.pid') AS file`).then(
    ({ rows }) => Number.parseInt(rows[0]?.file ?? '', 10),
    () => Number.NaN,
  )
  if (!(pid > 0)) return
  process.kill(pid, 'SIGINT')
  await stopped
}

export function logFile({ folder }: Pick<Cluster, 'folder'>): string {
  return join(folder, 'postgres.log')
}

/** Anyone who starts the server next may be its account. */
async function openLog(cluster: Cluster): Promise<FileHandle> {
  const file = logFile(cluster)
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  )
  if (size > MAX_LOG_BYTES) await rename(file, `${file}.old`)
  const log = await open(file, 'a', 0o600)
  if (cluster.account !== undefined) await log.chown(cluster.account.uid, cluster.account.gid)
  return log
}
