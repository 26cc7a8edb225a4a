import t, { type Test } from 'tap'
import { describeAddress, toURL } from '../../db/address.ts'
import { damage, writeLedger } from '../support/database/audited-ledger.ts'
import { createBareDatabase, createTestDatabase } from '../support/database/database.ts'
import { databaseProcesses } from '../support/database/database-processes.ts'
import { dataDirFor, startEmbeddedService } from '../support/process/embedded-service.ts'
import { type ProcessOptions, runWallet } from '../support/process/service-process.ts'

const runAudit = (t: Test, parameters: readonly string[], options: ProcessOptions) =>
  runWallet(t, ['audit', ...parameters], options)

t.test('the command says what it checked, and ends with 0 where no problems found', async (t) => {
  const address = await writeLedger(t)
  const { code, stdout, stderr } = await runAudit(t, [], { env: { DATABASE_URL: toURL(address) } })
  t.equal(code, 0)
  t.equal(stderr, `auditing ${describeAddress(address)}\n`)
  t.match(stdout, /^(✓ .+\n){19}\n/)
  t.match(stdout, '4 wallets, 11 transactions (2 transfers of two each), 1 refusals, 10 transaction IDs\n')
  t.match(stdout, '142 units in the system, 159 deposited, 17 withdrawn\n')
  t.match(stdout, /s: no problems found\n$/)
})

t.test('the command names what is damaged, and ends with 1', async (t) => {
  const address = await writeLedger(t)
  await damage(
    address,
    `UPDATE user_wallet_transaction SET balance = 151 WHERE user_id = 'ann' AND id = 2;
     INSERT INTO user_wallet SELECT E'\\x1b[2J' || n, 1, 0, now(), now() FROM generate_series(1, 25) n`,
  )
  const { code, stdout } = await runAudit(t, [], { env: { DATABASE_URL: toURL(address) } })
  t.equal(code, 1)
  t.match(stdout, '✗ each balance follows from the one before: 2 found\n    user "ann", id 2, transaction ID ')
  t.match(stdout, ': expected balance 150 (100 before); found balance 151\n')
  t.match(stdout, '    … and 5 more\n')
  t.match(stdout, /: THE LEDGER IS DAMAGED\n$/)
  t.notMatch(stdout, '\x1b', 'what is in the ledger does not steer the terminal')
})

t.test('with --json the command prints the report for programs, and nothing else', async (t) => {
  const address = await writeLedger(t)
  await damage(address, `UPDATE user_wallet SET balance = 127 WHERE user_id = 'ann'`)
  const { code, stdout, stderr } = await runAudit(t, ['--json'], { env: { DATABASE_URL: toURL(address) } })
  t.equal(code, 1)
  t.equal(stderr, '')
  const report = JSON.parse(stdout)
  t.match(report, { figures: { wallets: 4, held: '143', deposited: '159', withdrawn: '17' } })
  t.match(report.findings, [
    { check: 'wallet-balance', userID: 'ann', id: '6', expected: /126/, found: 'balance 127' },
    { check: 'money', userID: null, expected: '142 units in all wallets', found: '143' },
  ])
})

t.test('the command says in one line why it could not audit, and ends with 2', async (t) => {
  const empty = await createBareDatabase(t)
  const newer = await createTestDatabase(t)
  await damage(newer, `INSERT INTO wallet_migration (name, run_on) VALUES ('9999_from_the_future', now())`)
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [{ DATABASE_URL: toURL(empty) }, /there is no ledger in this database: it has no schema\n$/],
    [{ DATABASE_URL: toURL(newer) }, /the database's schema is 9999_from_the_future, and this auditor knows \w+\n$/],
    [
      { DATABASE_URL: toURL({ ...empty, database: 'no_such' }) },
      /database "no_such" does not exist; create the database, or check its name in DATABASE_URL\n$/,
    ],
    [{ DATABASE_URL: 'postgres://a:secret@127.0.0.1:1/b' }, /connect ECONNREFUSED 127.0.0.1:1\n$/],
    [{ DATABASE_URL: 'mysql://a:secret@b/c' }, /^DATABASE_URL is "mysql:\/\/a:…@b\/c"; expected/],
    [{ DATA_DIR: '/proc/nowhere' }, /^there is no database in DATA_DIR \/proc\/nowhere\n$/],
  ]
  for (const [env, why] of cases) {
    const { code, stdout, stderr } = await runAudit(t, [], { env })
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, why)
    t.notMatch(stderr, / {4}at |secret/)
  }
})

t.test('the command explains itself when it is called wrongly', async (t) => {
  for (const [parameters, wrong] of [
    [['everything'], "too many arguments for 'audit'. Expected 0 arguments but got 1"],
    [['--jason'], "unknown option '--jason' (Did you mean --json?)"],
  ] as const) {
    const { code, stdout, stderr } = await runAudit(t, parameters, { env: {} })
    t.equal(code, 2)
    t.equal(stdout, '')
    t.match(stderr, `wallet: ${wrong}; see node dist/cli/wallet.js audit --help\n`)
  }
  const { code, stdout } = await runAudit(t, ['--help'], { env: {} })
  t.equal(code, 0)
  t.match(stdout, '0 no problems found; 1 the ledger is damaged; 2 it could not be checked')
})

t.test('the embedded database is audited while the service runs on it, and when it does not', async (t) => {
  const dataDir = await dataDirFor(t)
  const { service, client } = await startEmbeddedService(t, dataDir)
  await client.open('ann')
  await client.deposit('ann', 5, await client.issue('ann'))
  const [server] = await databaseProcesses(dataDir)

  const env = { DATA_DIR: dataDir }
  const during = await runAudit(t, [], { env })
  t.equal(during.code, 0, during.stderr)
  t.match(during.stdout, '1 wallets, 1 transactions')
  t.equal((await databaseProcesses(dataDir))[0], server, 'the service keeps its server')
  t.equal((await client.deposit('ann', 5, await client.issue('ann'))).status, 200)
  t.equal((await service.end('SIGTERM')).code, 0)

  const afterwards = await runAudit(t, [], { env })
  t.equal(afterwards.code, 0, afterwards.stderr)
  t.match(afterwards.stdout, '1 wallets, 2 transactions')
  t.same(await databaseProcesses(dataDir), [], 'the server that was started for it is gone')
})
