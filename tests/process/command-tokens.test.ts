import t from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { createIssuer } from '../support/http/issuer.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'

t.test('a token comes from WALLET_TOKEN, and is never shown', async (t) => {
  const issuer = await createIssuer(t)
  const { jwksURL, issuer: name, audience } = issuer.settings
  const service = await startServiceProcess(t, {
    env: {
      DATABASE_URL: toURL(await createTestDatabase(t)),
      ...{ AUTH_JWKS_URL: jwksURL.href, AUTH_ISSUER: name, AUTH_AUDIENCE: audience, LOG_LEVEL: 'trace' },
    },
  })
  const ann = await issuer.token('ann')
  const admin = await issuer.admin()
  const wrong = await issuer.wrongTokens('ann')
  const none = 'UNAUTHENTICATED: Send an access token: Authorization: Bearer <token>.'
  const untrusted = 'UNAUTHENTICATED: The token is not trusted by this service. Put another one into WALLET_TOKEN.'
  const shown: string[] = []

  for (const [token, parameters, code, says] of [
    [undefined, ['open', 'ann'], 1, `${none} Put one into WALLET_TOKEN.`],
    ['', ['balance', 'ann'], 1, `${none} Put one into WALLET_TOKEN.`],
    [wrong.expired, ['balance', 'ann'], 1, 'The token has expired. Put another one into WALLET_TOKEN.'],
    [wrong.garbage, ['history', 'ann'], 1, untrusted],
    [wrong['wrong key'], ['transfer', 'ann', 'bob', '1'], 1, untrusted],
    [ann, ['open', 'ann'], 0, 'ann has 0 dollars'],
    [ann, ['deposit', 'ann', '1'], 1, 'FORBIDDEN: This requires a token with the scope wallet:admin.'],
    [ann, ['balance', 'bob'], 1, /WALLET_NOT_FOUND|FORBIDDEN/],
    [admin, ['deposit', 'ann', '1usd', '--json'], 0, '"balance":1000000'],
    [ann, ['withdraw', 'ann', '1'], 0, 'ann has 0.999999 dollars'],
    [ann, ['history', 'ann'], 0, 'withdrawal'],
    [`Bearer ${ann}`, ['balance', 'ann'], 2, 'expected an access token alone, without "Bearer"'],
    [`${ann}\n`, ['balance', 'ann'], 2, 'not shown'],
    [`${ann}é`, ['deposit', 'ann', '1'], 2, 'not shown'],
  ] as const) {
    const env = { WALLET_URL: service.url, ...(token !== undefined && { WALLET_TOKEN: token }) }
    const ended = await runWallet(t, parameters, { env })
    t.equal(ended.code, code, parameters.join(' '))
    t.match(code === 0 ? ended.stdout : ended.stderr, says)
    t.match(ended.stderr, code === 0 ? /^$/ : /^wallet: [^\n]+\n$/)
    shown.push(ended.stdout, ended.stderr)
  }

  // An earlier movement, sent again with a token that is not taken: the outcome of the first time stays unknown.
  const id = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
  const env = { WALLET_URL: service.url, WALLET_TOKEN: `${ann}x` }
  const again = await runWallet(t, ['withdraw', 'ann', '1', '--transaction-id', id], { env })
  t.match(
    [again.code, again.stderr],
    [3, /^wallet: UNAUTHENTICATED: .+ It may have been executed\. .+\n {2}node .+ ann 1\n$/],
  )

  const { stdout, stderr } = await service.end('SIGTERM')
  t.notMatch([...shown, again.stdout, again.stderr, stdout, stderr].join(), /eyJ/)
})
