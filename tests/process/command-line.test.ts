import t from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { runHere } from '../support/process/run-command-line.ts'
import { launchWallet, runWallet } from '../support/process/service-process.ts'

const START_LIMIT_MS = 30_000

/* tests/cli has the command line in the test's own process; here stands what only a process shows. */

t.test('the program says what the command line says, and ends with its exit code', async (t) => {
  for (const [parameters, code] of [
    [['--help'], 0],
    [['transfer', '--help'], 0],
    [[], 2],
    [['depsoit', 'ann', '1'], 2],
    [['deposit', 'ann', '-1'], 2],
    [['balance', 'ann', '--url', 'http://127.0.0.1:1'], 1],
  ] as const) {
    const { stdout, stderr } = await runHere(parameters)
    // Each names the script that it was called by.
    const said = stderr.replaceAll(/node \S+\.js/g, 'node dist/cli/wallet.js')
    t.match(await runWallet(t, parameters, { env: {} }), { code, stdout, stderr: said }, parameters.join(' '))
  }
  t.match(await runWallet(t, ['--version'], { env: {} }), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/, stderr: '' })
})

t.test('start runs a service until SIGTERM, and a wallet is used on it', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const { child, ended, stdout } = await launchWallet(t, ['start'], { env })
  const [, url = ''] = await eventually(
    'where it listens',
    START_LIMIT_MS,
    () => /listening at (\S+)\/api\/v1/.exec(stdout()) ?? undefined,
  )
  t.match(await runWallet(t, ['open', 'ann', '--url', url], { env: {} }), { code: 0, stderr: '' })
  t.match(await runWallet(t, ['deposit', 'ann', '5usd', '--url', `${url}/api/v1/`], { env: {} }), {
    ...{ code: 0, stderr: '' },
    stdout: 'deposited 5 dollars (5000000 base units); ann has 5 dollars (5000000 base units)\n',
  })
  child.kill('SIGTERM')
  t.match(await ended, { code: 0, stderr: '' })
})

t.test('start that cannot start says why as the service does, and takes no arguments', async (t) => {
  const wrong = await runWallet(t, ['start'], { env: { PORT: 'x' } })
  t.match(wrong, { code: 1, stderr: /^PORT is "x"; expected a port number/ })
  t.match(await runWallet(t, ['start', 'now'], { env: {} }), { code: 2, stderr: /^wallet: too many arguments/ })
})
