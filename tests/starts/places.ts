import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { databaseProcesses, killDatabaseAfterwards } from '../support/database/database-processes.ts'
import { eventually } from '../support/eventually.ts'
import type { Lifetime } from '../support/lifetime.ts'
import { createClient } from '../support/process/service-client.ts'

/** The sources; this file runs from `dist/tests/starts`. */
const SOURCES = fileURLToPath(new URL('../../..', import.meta.url))

const START_LIMIT_MS = 120_000
const END_LIMIT_MS = 30_000
/** The first line of the service, among what npm says. */
const LISTENING = /listening at (http:\S+)\/api\/v1/

export interface User {
  readonly uid: number
  readonly gid: number
}

export const ROOT: User = { uid: 0, gid: 0 }
/** Has no rights, and no home. */
export const NOBODY: User = { uid: 65_534, gid: 65_534 }

/** Where, as whom and with what someone types the README's commands. */
export interface Place {
  readonly folder: string
  readonly user?: User
  readonly env?: Readonly<Record<string, string>>
  /** `DATA_DIR`; by default it is not set. */
  readonly dataDir?: string
  /** The Node.js that runs, if not the one that runs the tests. */
  readonly node?: string
  /** What runs the command, if not a plain shell: `unshare`, say. */
  readonly through?: readonly string[]
  readonly umask?: string
  /** What starts the service, if not `npm start`. */
  readonly command?: string
}

const execute = promisify(execFile)

/** Nothing of this process's environment but where programs are: tap's own variables would steer npm and Node.js. */
function environment({ env = {}, node = process.execPath, folder, dataDir }: Place): Record<string, string> {
  const path = `${dirname(node)}:${process.env.PATH}`
  return {
    PATH: path,
    HOME: join(folder, '..'),
    npm_config_prefer_offline: 'true',
    PORT: '0',
    ...(dataDir && { DATA_DIR: dataDir }),
    ...env,
  }
}

function commandLine({ through = [], umask = '022' }: Place, command: string): readonly [string, ...string[]] {
  // tap has every Node.js that its tests start load its own modules.
  return ['env', '-u', 'NODE_OPTIONS', ...through, 'sh', '-c', `umask ${umask}; ${command}`]
}

/** Types a command and waits for its end. */
export async function type(place: Place, command: string): Promise<string> {
  const [program, ...parameters] = commandLine(place, command)
  const options = { cwd: place.folder, env: environment(place), ...place.user, maxBuffer: 64 * 1024 * 1024 }
  const { stdout, stderr } = await execute(program, parameters, options)
  return stdout + stderr
}

/** A folder that is gone afterwards, with every process of a database in it. */
export async function folderFor(t: Lifetime, parent: string, user: User = ROOT): Promise<string> {
  const folder = await mkdtemp(join(parent, 'wallet-starts-'))
  t.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  await chmod(folder, 0o755)
  await chown(folder, user.uid, user.gid)
  return folder
}

/** A copy of the sources as git sees them, without anything that was installed or compiled. */
export async function copySources(folder: string, user: User = ROOT): Promise<string> {
  await mkdir(folder, { recursive: true })
  const files =
    'git ls-files -z --cached --others --exclude-standard | while IFS= read -rd "" f; do [ -e "$f" ] && printf "%s\\0" "$f"; done'
  await execute('bash', ['-c', `set -o pipefail; (${files}) | tar --null -T - -c | tar -x -C "$0"`, folder], {
    cwd: SOURCES,
  })
  await execute('chown', ['-R', `${user.uid}:${user.gid}`, folder])
  return folder
}

/** The same with what was installed in another one. */
export async function copyInstalled(from: string, folder: string, user: User): Promise<string> {
  await mkdir(dirname(folder), { recursive: true })
  await execute('cp', ['-a', from, folder])
  await rm(join(folder, 'data'), { recursive: true, force: true })
  await execute('chmod', ['-R', 'go+rX', folder])
  await execute('chown', ['-R', `${user.uid}:${user.gid}`, folder])
  return folder
}

export interface Running {
  readonly url: string
  readonly npm: number
  /** Everything that came on both outputs. */
  output(): string
  /** Sends a signal to npm, and waits until npm, the service and its database are gone. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Types `npm start`, or what the place says, and waits until the service says where it listens. */
export async function start(t: Test, place: Place): Promise<Running> {
  const dataDir = dataDirOf(place)
  killDatabaseAfterwards(t, dataDir)
  const { child, output, ended } = launch(t, place)
  const url = await eventually('the service listens', START_LIMIT_MS, () => {
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}: ${output()}`)
    return LISTENING.exec(output())?.[1]
  })
  const npm = child.pid
  if (npm === undefined) throw new Error('npm has no process')
  return {
    ...{ url, npm, output },
    async end(signal) {
      child.kill(signal)
      const code = await ended
      await eventually('nothing is left', END_LIMIT_MS, async () =>
        (await answers(url)) || (await databaseProcesses(dataDir)).length > 0 ? undefined : true,
      )
      return code
    },
  }
}

/** Types `npm start`, which is expected to end by itself; returns what it said. */
export async function refusedStart(t: Test, place: Place): Promise<string> {
  const { output, ended } = launch(t, place)
  t.equal(await ended, 1, 'the exit code')
  return output()
}

function launch(t: Test, place: Place) {
  const [program, ...parameters] = commandLine(place, `exec ${place.command ?? 'npm start'}`)
  const child = spawn(program, parameters, {
    ...{ cwd: place.folder, env: environment(place), ...place.user },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  // Not `close`: a database that outlives a killed service must not keep us waiting.
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => setImmediate(resolve, code)))
  t.teardown(() => child.kill('SIGKILL'))
  return { child, output: () => text, ended }
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/livez`).then(
    () => true,
    () => false,
  )
}

/** The place serves a whole life: a start, a payment, the end, and a start that finds it. */
export async function serves(t: Test, place: Place): Promise<void> {
  const user = `ann-${randomBytes(4).toString('hex')}`
  const first = await start(t, place)
  const client = createClient(first.url)
  await client.open(user)
  t.equal((await client.deposit(user, 5, await client.issue(user))).status, 200, 'a deposit')
  t.equal(await first.end('SIGTERM'), 0, 'SIGTERM to npm')
  const second = await start(t, place)
  t.match((await createClient(second.url).wallet(user)).body, { balance: 5 }, 'it is there after another start')
  t.equal(await second.end('SIGTERM'), 0, 'SIGTERM to npm')
}

export function dataDirOf({ dataDir, folder }: Place): string {
  return dataDir ?? join(folder, 'data')
}

/** Every file below the folder: its owner, mode, size, and when it was changed. */
export async function stateOf(folder: string): Promise<string> {
  const { stdout } = await execute('find', [folder, '-printf', '%P %U %G %m %s %T@\n'])
  return stdout.split('\n').sort().join('\n')
}
