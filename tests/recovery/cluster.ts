import { execFile } from 'node:child_process'
import { appendFile, chown, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import type { Host, ServerAddress } from '../../db/address.ts'
import { serverAccount } from '../../src/adapters/embedded-postgres/account.ts'
import { administer } from '../support/database/database.ts'
import { databaseProcesses, killDatabaseAfterwards } from '../support/database/database-processes.ts'
import { freePort } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const HERE = '127.0.0.1'
const USER = 'wallet'
const DATABASE = 'wallet'
const LIMIT_MS = 60_000
/** Where Debian puts the programs of each version. */
const VERSIONS = '/usr/lib/postgresql'
const OLDEST_MAJOR = 15

/** A folder for servers and their backups, and PostgreSQL's own programs, run as who may run a server. */
export interface Place {
  readonly folder: string
  /** Runs one of PostgreSQL's programs, or of the system's; says what it printed. */
  run(program: string, ...parameters: readonly string[]): Promise<string>
  /** Adds lines to a configuration, as root or whoever the test is could not. */
  configure(data: string, settings: Readonly<Record<string, string>>): Promise<void>
  /** An empty file in a server's folder, such as `standby.signal`. */
  touch(data: string, name: string): Promise<void>
}

export async function startPlace(t: Test): Promise<Place> {
  const programs = await findPrograms()
  const folder = await temporaryFolder(t)
  killDatabaseAfterwards(t, folder)
  const account = await serverAccount(join(folder, 'any'))
  if (account !== undefined) await chown(folder, account.uid, account.gid)
  const identity = account === undefined ? {} : { uid: account.uid, gid: account.gid }
  async function own(path: string): Promise<void> {
    if (account !== undefined) await chown(path, account.uid, account.gid)
  }
  return {
    folder,
    async run(program, ...parameters) {
      const env = { PATH: `${programs}:${process.env.PATH}`, LC_ALL: 'C' }
      const { stdout } = await promisify(execFile)(program, parameters, { ...identity, cwd: folder, env })
      return stdout
    },
    async configure(data, settings) {
      const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
      await appendFile(join(data, 'postgresql.auto.conf'), lines.join(''))
    },
    async touch(data, name) {
      await writeFile(join(data, name), '')
      await own(join(data, name))
    },
  }
}

/** The newest that is installed. */
async function findPrograms(): Promise<string> {
  const installed = await readdir(VERSIONS).catch(() => [])
  const newest = Math.max(...installed.map(Number).filter(Number.isInteger))
  if (newest >= OLDEST_MAJOR) return join(VERSIONS, String(newest), 'bin')
  throw new Error(
    `there are no programs of PostgreSQL ${OLDEST_MAJOR} or later in ${VERSIONS}: apt-get install postgresql`,
  )
}

/** A server that is started and killed by the test. */
export interface Cluster {
  readonly data: string
  readonly address: ServerAddress
  start(): Promise<void>
  /** `kill -9` of all its processes. */
  kill(): Promise<void>
  promote(): Promise<void>
  /** Settles when it takes writes. */
  takesWrites(): Promise<void>
}

/** A server on the files in `data`, which may not be there yet. */
export async function clusterAt(place: Place, data: string): Promise<Cluster> {
  const port = await freePort()
  const address: ServerAddress = {
    ...{ host: HERE, port, user: USER, password: '', database: DATABASE, sslmode: 'disable' },
  }
  const options = `-c port=${port} -c listen_addresses=${HERE} -c unix_socket_directories=`
  return {
    data,
    address,
    async start() {
      await place.run('pg_ctl', 'start', '-D', data, '-l', `${data}.log`, '-o', options, '-t', '120')
    },
    async kill() {
      for (const pid of await databaseProcesses(data)) killIfThere(pid)
      await eventually('the server is gone', LIMIT_MS, async () =>
        (await databaseProcesses(data)).length === 0 ? true : undefined,
      )
    },
    async promote() {
      await place.run('pg_ctl', 'promote', '-D', data, '-t', '120')
    },
    async takesWrites() {
      await eventually('the server takes writes', LIMIT_MS, async () => {
        const rows = await administer(address, 'SELECT pg_is_in_recovery() AS standby').catch(() => [])
        return rows[0]?.standby === false ? true : undefined
      })
    },
  }
}

/** A new server with an empty database. */
export async function createCluster(
  place: Place,
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  const data = join(place.folder, name)
  await place.run('initdb', '-D', data, '-U', USER, '--auth=trust', '-E', 'UTF8', '--locale=C')
  await place.configure(data, settings)
  const cluster = await clusterAt(place, data)
  await cluster.start()
  await administer({ ...cluster.address, database: 'postgres' }, `CREATE DATABASE ${DATABASE}`)
  return cluster
}

/** A copy of the running server's files, checked. */
export async function takeBaseBackup(place: Place, from: Host, target: string): Promise<void> {
  const server = ['-h', from.host, '-p', String(from.port), '-U', USER]
  await place.run('pg_basebackup', ...server, '-D', target, '--checkpoint=fast')
  await place.run('pg_verifybackup', target)
}

/** A folder that the servers may write into. */
export async function makeFolder(place: Place, name: string): Promise<string> {
  const folder = join(place.folder, name)
  await place.run('mkdir', folder)
  return folder
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Its server went before, and took it along.
  }
}
