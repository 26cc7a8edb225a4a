import t from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { bearer, createIssuer } from '../support/http/issuer.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

t.test(
  'a service that takes tokens serves their users, and says once why it cannot, with no token in its log',
  async (t) => {
    const issuer = await createIssuer(t)
    await issuer.stop()
    const { jwksURL, issuer: name, audience } = issuer.settings
    const service = await startServiceProcess(t, {
      env: {
        DATABASE_URL: toURL(await createTestDatabase(t)),
        ...{ AUTH_JWKS_URL: jwksURL.href, AUTH_ISSUER: name, AUTH_AUDIENCE: audience },
        ...{
          RATE_LIMIT_PER_USER: '6/m',
          RATE_LIMIT_PER_ADDRESS: '1000/m',
          TRUST_PROXY: '10.0.0.0/8',
          LOG_LEVEL: 'trace',
        },
      },
    })
    const token = await issuer.token('ann')
    const wallet = `${service.url}/api/v1/users/ann/wallet`
    const ask = async (method: string, path: string, headers = bearer(token)) =>
      (await fetch(`${wallet}${path}`, { method, headers })).status

    t.same(
      [await ask('PUT', ''), await ask('PUT', ''), await ask('PUT', '', {})],
      [503, 503, 401],
      'while there are no keys',
    )
    await issuer.start()
    t.equal(await ask('PUT', ''), 201)
    t.equal(await ask('GET', ''), 200)
    t.equal(await ask('PUT', '/deposit'), 403)
    t.equal(await ask('GET', '', bearer(await issuer.token('bob'))), 404)
    t.equal(await ask('GET', '', bearer(`${token}x`)), 401)
    const more = []
    for (let round = 0; round < 5; round += 1) more.push(await ask('GET', '/transactions'))
    t.same(more, [200, 200, 200, 200, 429])

    const { code, stdout, stderr } = await service.end('SIGTERM')
    t.equal(code, 0)
    t.equal(stderr, '')
    t.equal(stdout.split('tokens cannot be checked').length - 1, 1)
    t.notMatch(stdout, /eyJ|bearer|authorization/i)
  },
)
