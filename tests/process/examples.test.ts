import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parseAllDocuments } from 'yaml'
import { auditLedger } from '../../audit/audit.ts'
import type { ServerAddress } from '../../db/address.ts'
import { readConfig } from '../../src/app/config.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { administer, createTestDatabase, toURL } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'
import { createIssuer } from '../support/http/issuer.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const run = promisify(execFile)
const USERS = 1000
const PAID_LIMIT_MS = 60_000

async function paid(database: ServerAddress): Promise<number> {
  const [row] = await administer(database, 'SELECT count(*)::int AS n FROM user_wallet_transaction WHERE type = 4')
  return Number(row?.n)
}

/** The program on its way: until so many are paid, and to its end. */
function startPaying(t: Test, url: string, journal: string) {
  const child = spawn(process.execPath, ['dist/examples/pay-a-thousand.js', journal], {
    env: { ...process.env, WALLET_URL: url },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, output }))
  return { child, ended }
}

async function checkPaidOnce(t: Test, database: ServerAddress): Promise<void> {
  const rows = await administer(
    database,
    `SELECT count(*)::int AS users, min(balance)::text AS least, max(balance)::text AS most, max(version)::int AS payments
     FROM user_wallet WHERE user_id LIKE 'employee-%'`,
  )
  t.strictSame(rows, [{ users: USERS, least: '1250000', most: '1250000', payments: 1 }])
  t.strictSame((await auditLedger(database)).findings, [])
}

t.test('a thousand users are paid once each though the service is killed half-way', async (t) => {
  const database = await createTestDatabase(t)
  const service = await startRestartableService(t, database)
  const journal = join(await temporaryFolder(t), 'payments.jsonl')
  const { ended } = startPaying(t, service.url, journal)
  const reached = (count: number) => async () => ((await paid(database)) >= count ? true : undefined)
  for (const share of [0.25, 0.5]) {
    await eventually(`${share} of them are paid`, PAID_LIMIT_MS, reached(USERS * share))
    await service.current().end('SIGKILL')
    t.ok((await paid(database)) < USERS, 'it was killed on the way')
    await service.start()
  }
  const line = `all ${USERS} are paid, each once; the treasury holds 0\n`
  t.match(await ended, { code: 0, output: line })
  await checkPaidOnce(t, database)
  t.match(await startPaying(t, service.url, journal).ended, { code: 0, output: line }, 'a second run pays no one again')
  await checkPaidOnce(t, database)
})

t.test('killed half-way itself, the program goes on where it ended', async (t) => {
  const database = await createTestDatabase(t)
  const { url } = await startServiceProcess(t, { env: { DATABASE_URL: toURL(database) } })
  const journal = join(await temporaryFolder(t), 'payments.jsonl')
  const { child, ended } = startPaying(t, url, journal)
  await eventually('half of them are paid', PAID_LIMIT_MS, async () =>
    (await paid(database)) >= USERS / 2 ? true : undefined,
  )
  child.kill('SIGKILL')
  t.match(await ended, { signal: 'SIGKILL' })
  t.ok((await paid(database)) < USERS, 'it was killed on the way')
  t.match(await startPaying(t, url, journal).ended, { code: 0 })
  await checkPaidOnce(t, database)
})

t.test('the curl script pays once, and repeats while the service is away', async (t) => {
  const database = await createTestDatabase(t)
  const service = await startRestartableService(t, database)
  await service.current().end('SIGKILL')
  const script = run('examples/curl.sh', { env: { ...process.env, WALLET_URL: service.url } })
  await service.start()
  const { stdout, stderr } = await script
  t.equal(stderr, '')
  const lines = stdout.trimEnd().split('\n')
  t.match(lines[0], '"type":1,"amount":5000000,"balance":5000000')
  t.match(lines[1], '"type":4,"amount":1250000,"balance":3750000')
  t.equal(lines[2], lines[1], 'the same transaction')
  t.equal(lines[3], 'alice has 3750000, bruno has 1250000')
})

t.test('the curl script sends a token, and says what was refused', async (t) => {
  const issuer = await createIssuer(t)
  const { jwksURL, issuer: name, audience } = issuer.settings
  const tokens = { AUTH_JWKS_URL: jwksURL.href, AUTH_ISSUER: name, AUTH_AUDIENCE: audience }
  const { url } = await startServiceProcess(t, { env: { ...tokens, DATABASE_URL: toURL(await createTestDatabase(t)) } })
  const pay = (token: string) =>
    run('examples/curl.sh', { env: { ...process.env, WALLET_URL: url, WALLET_TOKEN: token } })
  t.match((await pay(await issuer.admin())).stdout, /alice has 3750000, bruno has 1250000\n$/)
  await t.rejects(pay(await issuer.token('alice')), { code: 1, stderr: /PUT bruno\/wallet: 404 .*"WALLET_NOT_FOUND"/ })
})

t.test('the Kubernetes manifest says what the service takes', async (t) => {
  const documents = parseAllDocuments(await readFile('examples/kubernetes.yaml', 'utf8')).map((each) => {
    t.strictSame(each.errors, [])
    return each.toJS()
  })
  t.strictSame(
    documents.map(({ kind }) => kind),
    ['Deployment', 'Service', 'PodDisruptionBudget'],
  )
  const pod = documents[0].spec.template.spec
  const [container] = pod.containers
  const given = container.env.map(({ name, value }: { name: string; value?: string }) => [
    name,
    value ?? 'postgres://u:p@db/wallet',
  ])
  const config = readConfig({ ...Object.fromEntries(given), HOST: '0.0.0.0' })
  t.match(config, { port: container.ports[0].containerPort, authentication: { kind: 'bearer' } })
  t.equal(container.livenessProbe.httpGet.path, '/livez')
  t.equal(container.readinessProbe.httpGet.path, '/readyz')
  t.ok(pod.terminationGracePeriodSeconds * 1000 > 5000 + TIMEOUTS_MS.drain, 'there is time to answer what was accepted')
})
