import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/process/service-client.ts'
import {
  copyInstalled,
  copySources,
  folderFor,
  NOBODY,
  type Place,
  ROOT,
  refusedStart,
  serves,
  start,
  stateOf,
  type,
} from './places.ts'

/*
 * The README's first command, typed wherever someone may type it. Only root can make such places.
 */

if (process.getuid?.() !== 0) throw new Error('the table of starts makes users and folders: run it as root')

/** What a container gives root, unless it is told otherwise. */
const CONTAINER_RIGHTS =
  '+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,+net_bind_service,+sys_chroot,+kill,+audit_write'

/** Settings of libpq, each of which would break or divert a connection. */
const HARMFUL: Readonly<Record<string, string>> = {
  PGHOST: '203.0.113.1',
  PGHOSTADDR: '203.0.113.1',
  PGPORT: '1',
  PGDATABASE: 'nowhere',
  PGUSER: 'no one',
  PGUSERNAME: 'no one',
  PGPASSWORD: 'wrong',
  PGPASSFILE: '/nowhere',
  PGSERVICE: 'nowhere',
  PGSERVICEFILE: '/nowhere',
  PGOPTIONS: '-c default_transaction_read_only=on',
  PGAPPNAME: 'someone else',
  PGSSLMODE: 'require',
  PGREQUIRESSL: '1',
  PGSSLCERT: '/nowhere',
  PGSSLKEY: '/nowhere',
  PGSSLROOTCERT: '/nowhere',
  PGSSLNEGOTIATION: 'direct',
  PGCHANNELBINDING: 'require',
  PGREQUIREAUTH: 'password',
  PGCONNECT_TIMEOUT: '1',
  PGCLIENTENCODING: 'LATIN1',
  PGDATESTYLE: 'German',
  PGTZ: 'Asia/Tokyo',
  PGGEQO: 'nonsense',
  PGTARGETSESSIONATTRS: 'standby',
  PGLOADBALANCEHOSTS: 'random',
  PGDATA: '/nowhere',
  PGMAX_LIFETIME: '1',
  PGIDLE_TIMEOUT: '1',
  PGPREPARE: 'false',
}

/** Variables of a shell that differ from one place to the next. */
const ENVIRONMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'every PG* variable set to something harmful': HARMFUL,
  'LANG and LC_ALL are C': { LANG: 'C', LC_ALL: 'C' },
  'LANG and LC_ALL are unknown': { LANG: 'xx_YY.UTF-8', LC_ALL: 'xx_YY.UTF-8' },
  'TZ is odd': { TZ: 'Mars/Olympus Mons' },
}

let root: Place = { folder: '' }

t.before(async () => {
  const home = await folderFor(t, '/root')
  root = { folder: await copySources(join(home, 'wallet')), umask: '077' }
  const said = await type(root, 'npm ci --no-audit --no-fund')
  t.notMatch(said, /warn/i, 'npm ci has no warning')
})

t.test('root, below a folder of mode 700, with a umask of 077: clone and data both', async (t) => {
  await serves(t, root)
})

t.test('root with only the rights that a container gives', async (t) => {
  const through = ['setpriv', '--inh-caps=-all', `--bounding-set=-all,${CONTAINER_RIGHTS}`]
  await serves(t, { ...root, through, dataDir: await newDataDir(t) })
})

for (const [name, hidden] of [
  ['no system user postgres', ['/etc/passwd', 'grep -v ^postgres: /etc/passwd']],
  ['no setpriv', ['/usr/bin/setpriv', 'true']],
] as const)
  t.test(`root, where there is ${name}`, async (t) => {
    const [file, instead] = hidden
    const other = join(await folderFor(t, '/var/tmp'), basename(file))
    await writeFile(other, execFileSync('sh', ['-c', instead]))
    const through = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', other, file]
    await serves(t, { ...root, through, dataDir: await newDataDir(t) })
  })

t.test('HOME is not set', async (t) => {
  await serves(t, { ...root, through: ['env', '-u', 'HOME'], dataDir: await newDataDir(t) })
})

for (const [name, env] of Object.entries(ENVIRONMENTS))
  t.test(name, async (t) => {
    await serves(t, { ...root, env, dataDir: await newDataDir(t) })
  })

t.test(
  'no LANG and no LC_ALL, in a path with blanks, quotes, percent signs and letters of all kinds, as an ordinary user',
  async (t) => {
    const home = await folderFor(t, '/var/tmp', NOBODY)
    const folder = await copySources(join(home, ` it's "my" 100% $HOME \`wallet\` ünï 名前`), NOBODY)
    const place = { folder, user: NOBODY }
    await type(place, 'npm ci --no-audit --no-fund')
    await serves(t, place)
  },
)

t.test('a path that is longer than a socket may have, as an ordinary user whose HOME can not be written', async (t) => {
  const home = await folderFor(t, '/var/tmp', NOBODY)
  const folder = await copyInstalled(root.folder, join(home, 'long'.repeat(40), 'longer'.repeat(20)), NOBODY)
  await serves(t, { folder, user: NOBODY, env: { HOME: '/root' } })
})

t.test('NODE_ENV=production, and npm told to omit development packages, before the very first npm ci', async (t) => {
  const env = { NODE_ENV: 'production', npm_config_omit: 'dev' }
  const place = { folder: await copySources(join(await folderFor(t, '/var/tmp'), 'wallet')), env }
  t.notMatch(await type(place, 'npm ci --no-audit --no-fund'), /warn/i)
  await serves(t, place)
})

t.test('npm ci --ignore-scripts', async (t) => {
  const place = { folder: await copySources(join(await folderFor(t, '/var/tmp'), 'wallet')) }
  await type(place, 'npm ci --ignore-scripts --no-audit --no-fund')
  await serves(t, place)
})

/** Paths of other versions of Node.js, with blanks between them. */
const others = (process.env.NODE_BINARIES ?? '').split(' ').filter(Boolean)
if (others.length === 0) t.comment('NODE_BINARIES names no other Node.js: only this one is tried')
for (const node of others)
  t.test(`Node.js ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`, async (t) => {
    await serves(t, { ...root, node, dataDir: await newDataDir(t) })
  })

t.test('two starts at once on one folder: one serves, the other says why it does not', async (t) => {
  const dataDir = await newDataDir(t)
  const both = await Promise.allSettled([1, 2].map(() => start(t, { ...root, dataDir })))
  const [one, ...more] = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const refusals = both.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))
  t.equal(more.length, 0, 'not both')
  t.match(refusals.join(), 'is in use by another wallet service (process ')
  t.equal((await createClient(one?.url ?? '').open('ann')).status, 201)
  t.equal(await one?.end('SIGTERM'), 0)
})

t.test('a start on data of another PostgreSQL major version is refused, and changes nothing', async (t) => {
  const dataDir = await newDataDir(t)
  await serves(t, { ...root, dataDir })
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
  await unchanged(t, dataDir, { ...root, dataDir }, [
    `DATA_DIR ${dataDir} has data of PostgreSQL 17, and the embedded PostgreSQL is 18; nothing was changed. To bring the data over, run: `,
  ])
})

t.test('a start on a DATA_DIR that holds something else is refused, and changes nothing', async (t) => {
  const folder = await folderFor(t, '/var/tmp', NOBODY)
  await mkdir(join(folder, 'photos'))
  const refusal = [`DATA_DIR ${folder} holds something else (photos), and no data of this service: set DATA_DIR to `]
  await unchanged(t, folder, { ...root, dataDir: folder }, refusal)
  await writeFile(join(folder, 'postgres'), 'not a folder')
  await unchanged(t, folder, { ...root, dataDir: folder }, [`DATA_DIR ${folder} can't be used: ENOTDIR`])
})

t.test('root can start what a user has made, and then the user can start it again', async (t) => {
  const home = await folderFor(t, '/var/tmp', NOBODY)
  const folder = await copyInstalled(root.folder, join(home, 'wallet'), NOBODY)
  const dataDir = join(folder, 'data')
  await serves(t, { folder, user: NOBODY })
  const before = (await stateOf(dataDir)).split('\n').map((line) => line.split(' ').slice(1, 3))
  await serves(t, { folder })
  const after = (await stateOf(dataDir)).split('\n').map((line) => line.split(' ').slice(1, 3))
  t.strictSame(new Set(after.map(String)), new Set(before.map(String)), 'every file is still the user’s')
  await serves(t, { folder, user: NOBODY })
})

t.test('what root has made in root’s own folder, a user can not start, is told why, and changes nothing', async (t) => {
  const home = await folderFor(t, '/var/tmp')
  const dataDir = join(home, 'data')
  await serves(t, { ...root, dataDir })
  const folder = await copyInstalled(root.folder, join(await folderFor(t, '/var/tmp', NOBODY), 'wallet'), NOBODY)
  const place = { folder, user: NOBODY, dataDir }
  await unchanged(t, dataDir, place, [/DATA_DIR \S+ (can't be used: EACCES|belongs to)/])
  await serves(t, { ...root, dataDir })
})

for (const [command, signal] of [
  ['npx wallet start', 'SIGTERM'],
  ['npm start', 'SIGKILL'],
] as const)
  t.test(
    `${signal} to npm alone, with "${command}", leaves neither the service nor its database running`,
    async (t) => {
      const running = await start(t, { ...root, command, dataDir: await newDataDir(t) })
      await running.end(signal)
      t.match(running.output(), '"msg":"stopped"')
    },
  )

for (const signal of ['SIGHUP', 'SIGQUIT', 'SIGINT'] as const)
  t.test(`${signal} to the service stops it as cleanly as SIGTERM`, async (t) => {
    const dataDir = await newDataDir(t)
    const running = await start(t, { ...root, dataDir })
    const service = await childOf(running.npm)
    process.kill(service, signal)
    await eventually('npm has ended', 30_000, async () =>
      (await childOf(running.npm).catch(() => undefined)) === undefined ? true : undefined,
    )
    t.match(running.output(), `${signal}: `)
    t.match(running.output(), '"msg":"stopped"')
  })

/** A folder for data that does not exist yet. */
async function newDataDir(t: Test): Promise<string> {
  return join(await folderFor(t, '/var/tmp', ROOT), 'data')
}

async function unchanged(t: Test, folder: string, place: Place, says: readonly (string | RegExp)[]): Promise<void> {
  const before = await stateOf(folder)
  const said = await refusedStart(t, place)
  for (const each of says) t.match(said, each)
  t.notMatch(said, /\n {4}at /, 'no stack')
  t.equal(await stateOf(folder), before, 'nothing has changed')
}

/** The only child of a process. */
async function childOf(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
  if (children.length !== 1) throw new Error(`process ${pid} has the children ${children}`)
  return Number(children[0])
}
