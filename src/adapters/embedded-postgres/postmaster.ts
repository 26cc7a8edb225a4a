import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Account, runAs } from './account.ts'
import { EmbeddedPostgresError } from './failure.ts'

export interface PostmasterOptions {
  readonly binary: string
  readonly account: Account | undefined
  readonly pgdata: string
  readonly socketDir: string
  readonly logFile: string
}

/** Beside the socket. */
export const SOCKET_LOCK = '.s.PGSQL.5432.lock'

const POLL_MS = 20
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000
const LAST_LOG_LINES = 3

/** What differs from PostgreSQL's defaults. `fsync` and `synchronous_commit` stay on. */
const SETTINGS: Readonly<Record<string, string>> = {
  // Only the socket in the data folder: who may enter the folder may connect, and no port is taken.
  listen_addresses: '',
  max_connections: '50',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  log_checkpoints: 'off',
}

/** Starts the server and waits until it takes connections. It outlives a terminal's Ctrl-C, which is meant for us. */
export async function startPostmaster(options: PostmasterOptions): Promise<ChildProcess> {
  const { binary, account, pgdata, socketDir, logFile } = options
  const settings = Object.entries({ ...SETTINGS, unix_socket_directories: quote(socketDir) }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  )
  const { command, parameters, identity } = await runAs(account, [binary, '-D', pgdata, ...settings], [pgdata])
  const log = openSync(logFile, 'a')
  const child = spawn(command, parameters, { ...identity, cwd: '/', detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  endWithUs(child)
  let failure: string | undefined
  child.once('error', (error) => {
    failure = error.message
  })
  child.once('exit', (code, signal) => {
    failure ??= `it ended with ${signal ?? `exit code ${code}`}`
  })
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!(await isReady(pgdata, child.pid))) {
    if (failure === undefined && performance.now() > deadline)
      failure = `it was not ready after ${START_TIMEOUT_MS / 1000} s`
    if (failure !== undefined) {
      child.kill('SIGQUIT')
      throw new EmbeddedPostgresError(
        `the embedded PostgreSQL did not start: ${failure}; ${logFile} ends with: ${await lastLines(logFile)}`,
      )
    }
    await delay(POLL_MS)
  }
  return child
}

/** Ends the child when this process ends in any way but `kill -9`. */
export function endWithUs(child: ChildProcess): void {
  const end = () => child.kill('SIGINT')
  process.on('exit', end)
  child.once('exit', () => process.off('exit', end))
}

/** The setting is a list, in which a comma or a space at an end would count. */
function quote(folder: string): string {
  return `"${folder.replaceAll('"', '""')}"`
}

/** Ends the server as `fast` does: open transactions are rolled back, everything committed is kept. */
export async function stopPostmaster(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

/**
 * Ends a server that a killed service left behind on this data; nobody but it was using it. Its lock files go too: by
 * now its number may be another process's, or that of a dead one that nobody has reaped (as where the service is the
 * first process of a container), and either would keep the next server from starting. Should a backend still be
 * about, PostgreSQL finds it by its shared memory, and does not start.
 */
export async function stopLeftover({ pgdata, socketDir }: PostmasterOptions): Promise<void> {
  const pid = Number((await pidFile(pgdata))[0])
  const deadline = performance.now() + STOP_TIMEOUT_MS
  let signal: NodeJS.Signals | 0 = 'SIGINT'
  while (Number.isInteger(pid) && pid > 0 && (await servesData(pid, pgdata))) {
    process.kill(pid, performance.now() > deadline ? 'SIGQUIT' : signal)
    signal = 0
    await delay(POLL_MS)
  }
  if (process.platform !== 'linux') return
  for (const lock of [join(pgdata, 'postmaster.pid'), join(socketDir, SOCKET_LOCK)]) await rm(lock, { force: true })
}

/** Whether the process is a server on this data: the number may have gone to another process since. */
async function servesData(pid: number, pgdata: string): Promise<boolean> {
  try {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8')
    return commandLine.split('\0').includes(pgdata)
  } catch {
    return process.platform !== 'linux' && isAlive(pid)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The server writes its state into the eighth line of postmaster.pid, for pg_ctl and for us. */
async function isReady(pgdata: string, pid: number | undefined): Promise<boolean> {
  const lines = await pidFile(pgdata)
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
}

async function pidFile(pgdata: string): Promise<readonly string[]> {
  try {
    return (await readFile(join(pgdata, 'postmaster.pid'), 'utf8')).split('\n')
  } catch {
    return []
  }
}

async function lastLines(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8')).trim().split('\n')
  return lines.slice(-LAST_LOG_LINES).join(' | ')
}
