import t from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import { toURL } from '../../db/address.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'

const SHORT = ['--seconds', '1', '--connections', '4', '--wallets', '3']

t.test('npx wallet bench measures a running service, and counts what was really done', async (t) => {
  const database = await createTestDatabase(t)
  const { url } = await startServiceProcess(t, { env: { DATABASE_URL: toURL(database) } })
  const count = async () => {
    const [row] = await administer(database, 'SELECT count(*)::int AS n FROM user_wallet_transaction WHERE type = 4')
    return Number(row?.n)
  }
  for (const load of ['transfers', 'lists', 'reads']) {
    const before = await count()
    const { code, stdout, stderr } = await runWallet(t, ['bench', url, '--load', load, '--json', ...SHORT], { env: {} })
    t.equal(code, 0, stderr)
    const figures = JSON.parse(stdout)
    t.match(figures, { url, load, connections: 4, seconds: 1, wallets: 3, failed: 0 })
    t.ok(figures.requestsPerSecond > 0 && figures.p50Ms <= figures.p99Ms && figures.p99Ms <= figures.maxMs)
    const written = (await count()) - before
    t.equal(written > 0, load !== 'reads')
    // The rate is over the time of the measurement, which is a second or a little more.
    t.ok(figures.transfersPerSecond <= written && figures.transfersPerSecond >= written / 3, `${stdout} of ${written}`)
  }
  t.strictSame((await auditLedger(database)).findings, [])

  const shown = await runWallet(t, ['bench', url, '--hot', '--seconds', '1'], { env: {} })
  t.match(
    shown.stdout,
    /^transfers among 2 wallets over 64 connections\n {2}\d+ transfers a second, counted in the wallets\n {2}\d+ requests a second\n {2}half of the answers took \d+ ms at most, 99 of 100 \d+ ms, the slowest \d+ ms\n$/,
  )
})

t.test('npx wallet bench says what keeps it from measuring', async (t) => {
  const database = await createTestDatabase(t)
  const { url, end } = await startServiceProcess(t, { env: { DATABASE_URL: toURL(database), QUEUE_MAX: '1' } })
  const overloaded = await runWallet(t, ['bench', url, '--hot', '--seconds', '1', '--load', 'lists'], { env: {} })
  t.equal(overloaded.code, 1)
  t.match(overloaded.stderr, /^wallet: \d+ requests were not answered with 2xx\.$/m)
  await end('SIGTERM')
  const nobody = await runWallet(t, ['bench', url], { env: {} })
  t.equal(nobody.code, 1)
  t.match(nobody.stderr, /^wallet: no service answers at /m)
})
