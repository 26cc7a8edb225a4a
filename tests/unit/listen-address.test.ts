import t from 'tap'
import { listenAddress, type Resolve, servedHost } from '../../src/app/config/listen-address.ts'
import { ConfigError } from '../../src/app/config.ts'

const UNSAID = { kind: 'loopback only' } as const

/** A name service that knows one name; addresses are their own. */
function knowing(name: string, ...addresses: string[]): Resolve {
  return async (host) => (host === name ? addresses : [host])
}

t.test('without authentication the service listens where no one else can reach it', async (t) => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
    t.equal(await listenAddress({ host, authentication: UNSAID }), host)
  const authentication = UNSAID
  t.equal(await listenAddress({ host: 'me', authentication }, knowing('me', '127.0.0.1', '::1')), '127.0.0.1')
  t.match(await listenAddress({ host: 'localhost', authentication }), /^(127\.0\.0\.1|::1)$/)
})

t.test('without authentication any other HOST is refused with a line that says what to set', async (t) => {
  const remedy =
    'a loopback address while there is no authentication: set AUTH_JWKS_URL, AUTH_ISSUER and AUTH_AUDIENCE, ' +
    'or AUTH=none to let anyone who can reach the service do everything'
  for (const host of [
    '0.0.0.0',
    '::',
    '192.168.1.5',
    '10.0.0.1',
    '126.255.255.255',
    '128.0.0.1',
    '::2',
    'fe80::1%eth0',
  ])
    await t.rejects(
      listenAddress({ host, authentication: UNSAID }, knowing('', '')),
      new ConfigError('HOST', JSON.stringify(host), remedy),
      host,
    )
  await t.rejects(listenAddress({ host: '::ffff:10.0.0.1', authentication: UNSAID }), ConfigError)
  await t.rejects(listenAddress({ host: '0', authentication: UNSAID }), ConfigError, 'another name of 0.0.0.0')
  for (const addresses of [['192.168.1.5'], ['127.0.0.1', '192.168.1.5'], ['192.168.1.5', '127.0.0.1']])
    await t.rejects(
      listenAddress({ host: 'me', authentication: UNSAID }, knowing('me', ...addresses)),
      new ConfigError('HOST', '"me" (192.168.1.5)', remedy),
      'a name of which one address can be reached',
    )
  await t.rejects(listenAddress({ host: 'nobody', authentication: UNSAID }, knowing('nobody')), ConfigError)
})

t.test('with AUTH=none, and with tokens, it listens wherever it is told to', async (t) => {
  const bearer = { kind: 'bearer', jwksURL: new URL('https://issuer.example'), issuer: 'i', audience: 'a' } as const
  for (const authentication of [{ kind: 'none' }, bearer] as const)
    for (const host of ['0.0.0.0', '::', '192.168.1.5', '127.0.0.1', 'wallet.example'])
      t.equal(await listenAddress({ host, authentication }), host)
})

t.test(
  'without authentication only names of this machine are served, so that no page makes its own name lead here',
  async (t) => {
    const serves = servedHost({ host: 'Me', authentication: UNSAID }) ?? (() => t.fail('every name is served'))
    for (const header of [
      ...['localhost', 'localhost:8080', 'LocalHost:1', 'localhost.', 'wallet.localhost:8080', 'me', 'ME:8080'],
      ...['127.0.0.1', '127.0.0.1:8080', '127.1.2.3', '[::1]', '[::1]:8080', '[::ffff:127.0.0.1]:8080'],
    ])
      t.equal(serves(header), true, header)
    for (const header of [
      ...[
        'evil.example',
        'evil.example:8080',
        'localhost.evil.example',
        'evil-localhost',
        'notlocalhost',
        '',
        ' ',
        ':',
        'x',
      ],
      ...['192.168.1.5:8080', '0.0.0.0', '[::]:8080', '[::2]', '127.0.0.1.evil.example', '127.0.0.1@evil.example'],
      ...['evil.example#localhost', 'evil.example/localhost', 'evil@localhost', 'localhost:x', 'evil\\.localhost'],
    ])
      t.equal(serves(header), false, JSON.stringify(header))
    t.equal(servedHost({ host: '::1', authentication: UNSAID })?.('[::1]:8080'), true)
  },
)

t.test('with AUTH=none, and with tokens, any name is served: a proxy may have any', async (t) => {
  const bearer = { kind: 'bearer', jwksURL: new URL('https://issuer.example'), issuer: 'i', audience: 'a' } as const
  for (const authentication of [{ kind: 'none' }, bearer] as const)
    t.equal(servedHost({ host: '127.0.0.1', authentication }), undefined)
})
