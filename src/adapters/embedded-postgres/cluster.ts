import { execFile } from 'node:child_process'
import { chown, mkdir, open, readdir, readFile, readlink, realpath, rename, rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type Account, serverAccount } from './account.ts'
import { endWithUs } from './child.ts'
import { codeOf, EmbeddedPostgresError } from './failure.ts'
import { explainOtherMajor } from './other-major.ts'
import { findPrograms, PROGRAM_ENVIRONMENT, type Programs } from './programs.ts'

/** PostgreSQL's data in a DATA_DIR, and what is needed to run a server on them. */
export interface Cluster {
  readonly programs: Programs
  readonly account: Account | undefined
  /** DATA_DIR itself, where the sockets and the log are. */
  readonly folder: string
  /** The data, as we see them. */
  readonly pgdata: string
  /**
   * The data, for a program that runs in them. What runs as another user than we do may not be able to enter the folders
   * above them, such as root's home; it need not, if the data are its working directory.
   */
  readonly dataArgument: string
  /** Where clients find the socket. */
  readonly socketDir: string
  /** For the server, beside the usual settings. */
  readonly settings?: Readonly<Record<string, string>>
  /** Gives back what `socketDir` needs. */
  release(): Promise<void>
}

export const USER = 'wallet'
export const PORT = 5432
export const PGDATA = 'postgres'
/** The folder that a process works in, whatever its name is by now. Linux only. */
export const OWN_FOLDER = '/proc/self/cwd'
/** What stands in DATA_DIR beside the data. Files whose names begin with a dot do not count. */
const LOG = /^postgres\.log(?:\.old)?$/
const STAGING = /^postgres\.new\.(\d+)$/
/** Data of a new major version, which hold everything and are about to be PGDATA (upgrade.ts). */
export const UPGRADED = 'postgres.upgraded'
/** On a file system of its own. */
const LOST_AND_FOUND = 'lost+found'
/** The kernel's limit for the path of a Unix socket, less the name of the longest one. */
const MAX_SOCKET_DIR_BYTES = 107 - '/.s.PGSQL.5432'.length

const execute = promisify(execFile)

/** Finds the data in `dataDir`, or makes empty ones. A start that is refused here has changed nothing. */
export async function prepareCluster(dataDir: string): Promise<Cluster> {
  await finishUpgrade(dataDir)
  const account = await serverAccount(join(resolve(dataDir), PGDATA))
  const programs = await findPrograms(account)
  const version = await dataVersion(dataDir)
  if (version === undefined) {
    await requireEmpty(dataDir)
    await createData(dataDir, programs, account)
  } else if (version !== programs.major) {
    throw new EmbeddedPostgresError(explainOtherMajor(dataDir, version, programs.major))
  }
  return clusterAt(dataDir, programs, account)
}

/** The data that are in `dataDir`, for programs of their version. */
export async function clusterAt(dataDir: string, programs: Programs, account: Account | undefined): Promise<Cluster> {
  const folder = await realpath(dataDir)
  const pgdata = join(folder, PGDATA)
  const dataArgument = account === undefined ? pgdata : OWN_FOLDER
  return { programs, account, folder, pgdata, dataArgument, ...(await socketDirOf(folder)) }
}

/** The version of the data that are there, as PostgreSQL writes it; `undefined` if there are none. */
export async function dataVersion(dataDir: string): Promise<string | undefined> {
  const version = await readFile(join(dataDir, PGDATA, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
  return version?.trim()
}

/**
 * The last step of an upgrade that was killed before it, when the old data had been put aside already. As long as the old data
 * are in their place, they count.
 */
export async function finishUpgrade(dataDir: string): Promise<void> {
  if ((await dataVersion(dataDir)) !== undefined) return
  try {
    await rename(join(dataDir, UPGRADED), join(dataDir, PGDATA))
    await syncFolder(dataDir)
  } catch (error) {
    // There was none, or another start was first.
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** What was renamed in a folder is so even if the machine loses its power now. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The path of a socket is short; that of its folder may be long, and then a descriptor stands for it. */
export async function socketDirOf(folder: string): Promise<Pick<Cluster, 'socketDir' | 'release'>> {
  if (Buffer.byteLength(folder) <= MAX_SOCKET_DIR_BYTES) return { socketDir: folder, release: async () => {} }
  if (process.platform !== 'linux')
    throw new EmbeddedPostgresError(
      `DATA_DIR ${folder} is too long for a socket: at most ${MAX_SOCKET_DIR_BYTES} bytes`,
    )
  const handle = await open(folder)
  return { socketDir: `/proc/self/fd/${handle.fd}`, release: () => handle.close() }
}

/** Somebody's own files are none of our business, and a folder with them would be given to the server's account. */
async function requireEmpty(dataDir: string): Promise<void> {
  const names = await readdir(dataDir).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const foreign = names.find(
    (name) => !name.startsWith('.') && name !== LOST_AND_FOUND && !LOG.test(name) && !STAGING.test(name),
  )
  if (foreign === undefined) return
  throw new EmbeddedPostgresError(
    `DATA_DIR ${dataDir} holds something else (${foreign}), and no data of this service: set DATA_DIR to an empty folder, or to one that does not exist yet`,
  )
}

/** Makes the data aside and renames them, so that data that were cut short are never taken for whole ones. */
export async function createData(dataDir: string, { initdb }: Programs, account: Account | undefined): Promise<void> {
  const made = await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const staging = join(await realpath(dataDir), `postgres.new.${process.pid}`)
  try {
    await removeAbandoned(dataDir)
    await mkdir(staging, { mode: 0o700 })
    if (account !== undefined) for (const path of [dataDir, staging]) await chown(path, account.uid, account.gid)
    const dataArgument = account === undefined ? staging : OWN_FOLDER
    const flags = [
      ...['--encoding=UTF8', '--locale=C', `--username=${USER}`],
      ...['--auth-local=trust', '--auth-host=reject', '--no-instructions'],
    ]
    const options = { ...account, cwd: staging, env: PROGRAM_ENVIRONMENT }
    const running = execute(initdb, ['-D', dataArgument, ...flags], options)
    endWithUs(running.child)
    await running
    await rename(staging, join(dataDir, PGDATA)).catch((error: unknown) => {
      // Another start was first, and what it made is as good.
      if (codeOf(error) !== 'ENOTEMPTY') throw error
    })
  } catch (error) {
    await rm(staging, { recursive: true, force: true, maxRetries: 5 })
    if (made !== undefined) await rmdir(dataDir).catch(() => {})
    throw error
  }
  await rm(staging, { recursive: true, force: true, maxRetries: 5 })
}

/** Has all of the data on the disk; no server may run on them. */
export async function syncData({ programs, account, pgdata, dataArgument }: Cluster): Promise<void> {
  await execute(programs.initdb, ['--sync-only', '-D', dataArgument], {
    ...account,
    cwd: pgdata,
    env: PROGRAM_ENVIRONMENT,
  })
}

/** What a start that was killed has left. */
async function removeAbandoned(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const pid = Number(STAGING.exec(name)?.[1] ?? Number.NaN)
    if (pid === process.pid || (pid > 0 && !isAlive(pid)))
      await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 5 })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/**
 * Removes the lock files of a server that is gone. By now its number may be another process's, or that of a dead one that
 * no one has reaped (as in a container whose first process is the service), and either would keep the next server from
 * starting. A server that lives works in its data; should only a backend still live, PostgreSQL finds it by its shared
 * memory, and does not start.
 */
export async function removeStaleLocks({ folder, pgdata }: Pick<Cluster, 'folder' | 'pgdata'>): Promise<void> {
  if (process.platform !== 'linux') return
  for (const file of [join(folder, '.s.PGSQL.5432.lock'), join(pgdata, 'postmaster.pid')]) {
    // Empty, it belongs to a server that starts.
    const [pid] = /^\d+/.exec(await readFile(file, 'utf8').catch(() => '')) ?? []
    if (pid !== undefined && (await workingFolder(pid)) !== pgdata) await rm(file, { force: true })
  }
}

async function workingFolder(pid: string): Promise<string | undefined> {
  return readlink(`/proc/${pid}/cwd`).catch(() => undefined)
}
