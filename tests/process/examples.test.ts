import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { toURL } from '../../db/address.ts'
import { readConfig } from '../../src/app/config.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'
import { createIssuer } from '../support/http/issuer.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

const run = promisify(execFile)
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
