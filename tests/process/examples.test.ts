import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { toURL } from '../../db/address.ts'
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
