import { availableParallelism } from 'node:os'
import t from 'tap'
import { SECRET_EXPECTED } from '../../src/app/config/webhook.ts'
import { ConfigError, readConfig } from '../../src/app/config.ts'
import { HOUR, SECOND } from '../support/domain-builders.ts'

const BEARER = {
  AUTH_JWKS_URL: 'https://issuer.example/.well-known/jwks.json',
  AUTH_ISSUER: 'https://issuer.example/',
  AUTH_AUDIENCE: 'wallet',
}
const KEY = Buffer.alloc(32, 7)
const WEBHOOK = {
  WEBHOOK_URL: 'https://books.example/hooks/wallet?token=t0ken',
  WEBHOOK_SECRET: `whsec_${KEY.toString('base64')}`,
}

t.test('with nothing set every default holds', async (t) => {
  const config = readConfig({})
  t.strictSame(config, {
    port: 8080,
    host: '127.0.0.1',
    database: undefined,
    readDatabase: undefined,
    dataDir: './data',
    logLevel: 'info',
    transactionIDKeys: [],
    transactionIDTtl: 24n * HOUR,
    batchMax: 512,
    queueMax: 4096,
    lanes: 2,
    workers: 1,
    authentication: { kind: 'loopback only' },
    rateLimits: { perUser: undefined, perAddress: undefined },
    trustedProxies: [],
    corsOrigins: [],
    webhook: undefined,
    otlp: { traces: undefined, metrics: undefined },
  })
  t.ok(Object.isFrozen(config))
})

t.test('an empty variable counts as unset, and a foreign one is not looked at', async (t) => {
  const names = [
    'PORT',
    'HOST',
    'DATABASE_URL',
    'READ_DATABASE_URL',
    'DATA_DIR',
    'LOG_LEVEL',
    'TRANSACTION_ID_KEY',
    'TRANSACTION_ID_TTL',
    'BATCH_MAX',
    'QUEUE_MAX',
    'LANES',
    'WORKERS',
    'AUTH',
    'AUTH_JWKS_URL',
    'AUTH_ISSUER',
    'AUTH_AUDIENCE',
    'RATE_LIMIT_PER_USER',
    'RATE_LIMIT_PER_ADDRESS',
    'TRUST_PROXY',
    'CORS_ORIGINS',
    'WEBHOOK_URL',
    'WEBHOOK_SECRET',
    'WEBHOOK_ALLOW_HTTP',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'OTEL_SDK_DISABLED',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
    'OTEL_TRACES_EXPORTER',
    'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL',
    'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
    'OTEL_METRICS_EXPORTER',
    'OTEL_METRIC_EXPORT_INTERVAL',
    'OTEL_METRIC_EXPORT_TIMEOUT',
  ]
  const empty = Object.fromEntries(names.map((name) => [name, '']))
  t.strictSame(readConfig({ ...empty, FOO: 'bar' }), readConfig({}))
})

t.test('every variable is read', async (t) => {
  const config = readConfig({
    PORT: '0',
    HOST: '::',
    DATABASE_URL: 'postgres://u:p@db/wallets',
    READ_DATABASE_URL: 'postgres://r:q@copy:5433/wallets',
    DATA_DIR: '/var/lib/wallets',
    LOG_LEVEL: 'trace',
    TRANSACTION_ID_KEY: KEY.toString('base64'),
    TRANSACTION_ID_TTL: '15m',
    BATCH_MAX: '64',
    QUEUE_MAX: '1000000',
    LANES: '32',
    WORKERS: '64',
    ...BEARER,
    RATE_LIMIT_PER_USER: '20/s',
    RATE_LIMIT_PER_ADDRESS: '600/m',
    TRUST_PROXY: '10.0.0.0/8, ::1',
    CORS_ORIGINS: 'https://shop.example, http://localhost:3000,http://[::1]:8080',
    ...WEBHOOK,
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector/otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    OTEL_METRIC_EXPORT_INTERVAL: '5000',
    OTEL_METRIC_EXPORT_TIMEOUT: '1000',
  })
  t.strictSame(config, {
    port: 0,
    host: '::',
    database: { host: 'db', port: 5432, user: 'u', password: 'p', database: 'wallets', sslmode: 'disable' },
    readDatabase: { host: 'copy', port: 5433, user: 'r', password: 'q', database: 'wallets', sslmode: 'disable' },
    dataDir: '/var/lib/wallets',
    logLevel: 'trace',
    transactionIDKeys: [KEY],
    transactionIDTtl: 900n * SECOND,
    batchMax: 64,
    queueMax: 1_000_000,
    lanes: 32,
    workers: 64,
    authentication: {
      kind: 'bearer',
      jwksURL: new URL(BEARER.AUTH_JWKS_URL),
      issuer: BEARER.AUTH_ISSUER,
      audience: BEARER.AUTH_AUDIENCE,
    },
    rateLimits: { perUser: { requests: 20, windowMs: 1000 }, perAddress: { requests: 600, windowMs: 60_000 } },
    trustedProxies: ['10.0.0.0/8', '::1'],
    corsOrigins: ['https://shop.example', 'http://localhost:3000', 'http://[::1]:8080'],
    webhook: { url: new URL(WEBHOOK.WEBHOOK_URL), secrets: [WEBHOOK.WEBHOOK_SECRET] },
    otlp: {
      traces: 'http/json',
      metrics: { protocol: 'http/protobuf', intervalMs: 5000, timeoutMs: 1000 },
    },
  })
})

t.test('as many workers as there are processors, but one, and at least one', async (t) => {
  t.equal(readConfig({ WORKERS: 'auto' }).workers, Math.max(1, availableParallelism() - 1))
})

t.test('AUTH=none says explicitly that there is no authentication', async (t) => {
  t.strictSame(readConfig({ AUTH: 'none' }).authentication, { kind: 'none' })
})

t.test('of the three variables that say whose tokens are taken none can be missing', async (t) => {
  const names = Object.keys(BEARER) as (keyof typeof BEARER)[]
  for (const missing of names) {
    for (const nothing of [undefined, '']) {
      const message = complaint({ ...BEARER, [missing]: nothing })
      t.match(message, `${missing} is not set; expected `)
      t.match(message, 'AUTH_JWKS_URL, AUTH_ISSUER, AUTH_AUDIENCE are set together or not at all')
    }
    t.match(complaint({ [missing]: BEARER[missing] }), / is not set; expected /, `${missing} alone`)
  }
})

t.test('AUTH=none and tokens exclude each other', async (t) => {
  t.equal(complaint({ ...BEARER, AUTH: 'none' }), 'AUTH is "none"; expected no value beside AUTH_JWKS_URL')
  t.equal(complaint({ AUTH_ISSUER: 'i', AUTH: 'none' }), 'AUTH is "none"; expected no value beside AUTH_ISSUER')
})

t.test('keys come by https, or from this very machine', async (t) => {
  for (const url of [
    'https://issuer.example/.well-known/jwks.json',
    'https://issuer.example:8443/keys?tenant=1',
    'http://127.0.0.1:9000/keys',
    'http://127.8.8.8/keys',
    'http://localhost/keys',
    'http://[::1]:9000/keys',
  ])
    t.match(readConfig({ ...BEARER, AUTH_JWKS_URL: url }).authentication, { jwksURL: new URL(url) }, url)
  for (const url of [
    'http://issuer.example/keys',
    'http://127.0.0.1.example/keys',
    'http://localhost.example/keys',
    'http://10.0.0.1/keys',
    'ftp://127.0.0.1/keys',
    'file:///etc/passwd',
    'data:application/json,{}',
    'issuer.example/keys',
    'https://',
    ' https://issuer.example/keys',
    'https://issuer.example/a b',
  ])
    t.equal(
      complaint({ ...BEARER, AUTH_JWKS_URL: url }),
      `AUTH_JWKS_URL is ${JSON.stringify(url)}; expected the https:// address of the issuer's key set`,
    )
})

t.test('a password in AUTH_JWKS_URL is refused and not shown', async (t) => {
  for (const url of ['https://me:hunter2@issuer.example/keys', 'https://hunter2@issuer.example', 'hunter2@x']) {
    const message = complaint({ ...BEARER, AUTH_JWKS_URL: url })
    t.equal(message, `AUTH_JWKS_URL is ${hidden(url)}; expected the https:// address of the issuer's key set`)
  }
})

t.test('an issuer and an audience are taken as they stand', async (t) => {
  for (const [variable, takes] of [
    ['AUTH_ISSUER', 'the issuer as tokens name it (iss)'],
    ['AUTH_AUDIENCE', 'the audience as tokens name it (aud)'],
  ] as const) {
    t.ok(readConfig({ ...BEARER, [variable]: 'urn:a b/c' }))
    t.ok(readConfig({ ...BEARER, [variable]: 'x' }))
    for (const held of [' ', 'x ', ' x', 'a\nb', 'a\0b', '\t'])
      t.equal(complaint({ ...BEARER, [variable]: held }), `${variable} is ${JSON.stringify(held)}; expected ${takes}`)
  }
})

t.test('a limit for each user needs tokens that say who is who', async (t) => {
  const message = 'RATE_LIMIT_PER_USER is set; expected no value without AUTH_JWKS_URL: only a token says who a user is'
  t.equal(complaint({ RATE_LIMIT_PER_USER: '1/s' }), message)
  t.equal(complaint({ RATE_LIMIT_PER_USER: '1/s', AUTH: 'none' }), message)
  t.strictSame(readConfig({ RATE_LIMIT_PER_ADDRESS: '1/s' }).rateLimits.perAddress, { requests: 1, windowMs: 1000 })
})

t.test('traces and figures are sent if there is an endpoint, in protobuf unless told otherwise', async (t) => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://localhost:4318'
  const metrics = { protocol: 'http/protobuf', intervalMs: 60_000, timeoutMs: 30_000 }
  const nothing = { traces: undefined, metrics: undefined }
  const otlp = (env: Readonly<Record<string, string>>) => readConfig(env).otlp
  t.strictSame(otlp({ OTEL_EXPORTER_OTLP_ENDPOINT }), { traces: 'http/protobuf', metrics })
  for (const disabled of ['true', 'TRUE'])
    t.strictSame(otlp({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: disabled }), nothing)
  t.strictSame(otlp({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: 'false' }), { traces: 'http/protobuf', metrics })
  t.strictSame(otlp({ OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_METRIC_EXPORT_INTERVAL: '1000' }), nothing)
})

t.test('either of them can be sent alone, elsewhere, in another form, or not at all', async (t) => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://localhost:4318'
  const sent = (env: Readonly<Record<string, string>>) => {
    const { traces, metrics } = readConfig(env).otlp
    return [traces, metrics?.protocol]
  }
  t.strictSame(sent({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m:4318/v1/metrics' }), [undefined, 'http/protobuf'])
  t.strictSame(sent({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t:4318/v1/traces' }), ['http/protobuf', undefined])
  t.strictSame(sent({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_METRICS_EXPORTER: 'none' }), ['http/protobuf', undefined])
  t.strictSame(sent({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }), [undefined, 'http/protobuf'])
  t.strictSame(sent({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' }), [
    'http/json',
    'http/protobuf',
  ])
})

t.test('an export of figures is given up before the next one is due', async (t) => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://localhost:4318'
  const { metrics } = readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_METRIC_EXPORT_INTERVAL: '1000' }).otlp
  t.match(metrics, { intervalMs: 1000, timeoutMs: 1000 })
})

t.test('what cannot be sent as it is asked for is said at the start', async (t) => {
  t.match(
    complaint({ OTEL_METRICS_EXPORTER: 'prometheus' }),
    /^OTEL_METRICS_EXPORTER is "prometheus"; expected otlp or n/,
  )
  t.match(complaint({ OTEL_METRIC_EXPORT_INTERVAL: '0' }), /^OTEL_METRIC_EXPORT_INTERVAL is "0"; expected milliseconds/)
  const delta = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' }
  t.strictSame(readConfig(delta).otlp, readConfig({}).otlp, 'it is of no matter if no figures are sent')
  t.match(
    complaint({ ...delta, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318' }),
    /^OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE is "delta"; expected cumulative/,
  )
  for (const signal of ['TRACES', 'METRICS'])
    t.match(complaint({ [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]: 'localhost' }), /; expected the URL of a collector/)
})

t.test('a webhook has an address and a secret, or neither', async (t) => {
  const { WEBHOOK_URL, WEBHOOK_SECRET } = WEBHOOK
  t.equal(complaint({ WEBHOOK_SECRET }), 'WEBHOOK_URL is not set; expected an address beside WEBHOOK_SECRET')
  t.equal(complaint({ WEBHOOK_URL }), `WEBHOOK_SECRET is not set; expected ${SECRET_EXPECTED}`)
  t.equal(complaint({ WEBHOOK_URL, WEBHOOK_SECRET: '' }), `WEBHOOK_SECRET is not set; expected ${SECRET_EXPECTED}`)
})

const URL_TAKES =
  'an https:// address without user and password; http:// only on this machine, or with WEBHOOK_ALLOW_HTTP=true'

t.test('a webhook goes by https, to this very machine, or by http if that is said to be allowed', async (t) => {
  for (const url of ['https://a.example', 'http://localhost:3000/x', 'http://127.0.0.1/x?y#z', 'http://[::1]:80/'])
    t.match(readConfig({ ...WEBHOOK, WEBHOOK_URL: url }).webhook?.url.href, new URL(url).href, url)
  for (const url of ['http://a.example/hook', 'http://10.0.0.1/hook', 'http://127.0.0.1.example/'])
    t.match(
      readConfig({ ...WEBHOOK, WEBHOOK_URL: url, WEBHOOK_ALLOW_HTTP: 'true' }).webhook,
      { url: new URL(url) },
      url,
    )
  t.equal(
    complaint({ ...WEBHOOK, WEBHOOK_ALLOW_HTTP: 'yes' }),
    'WEBHOOK_ALLOW_HTTP is "yes"; expected true, to let WEBHOOK_URL be http://',
  )
})

t.test('an address that a webhook may not have is refused, and never shown', async (t) => {
  for (const held of [
    'http://a.example/hunter2',
    'http://localhost.example/hunter2',
    'https://me:hunter2@a.example/hook',
    'https://hunter2@a.example/hook',
    'http://me:hunter2@localhost/hook',
    'ftp://a.example/hunter2',
    'file:///hunter2',
    'a.example/hunter2',
    'https://a.example/hunter2 b',
    ' https://a.example/hunter2',
    'https://',
  ])
    for (const allow of held.startsWith('http://') && !held.includes('@') ? [''] : ['', 'true']) {
      const message = complaint({ ...WEBHOOK, WEBHOOK_URL: held, WEBHOOK_ALLOW_HTTP: allow })
      t.equal(message, `WEBHOOK_URL is ${held.length} characters (not shown); expected ${URL_TAKES}`)
    }
})

t.test('a webhook may have several secrets while they are changed', async (t) => {
  const [a, b] = [secret(24), secret(64)]
  for (const text of [`${a},${b}`, `${a}, ${b}`, `${a} ${b}`])
    t.strictSame(readConfig({ ...WEBHOOK, WEBHOOK_SECRET: text }).webhook?.secrets, [a, b])
})

t.test('a wrong secret of a webhook is never shown', async (t) => {
  for (const held of [
    'hunter2',
    secret(23),
    secret(65),
    secret(32).slice('whsec_'.length),
    secret(32).replace('whsec_', 'WHSEC_'),
    secret(32).slice(0, -1),
    `${secret(32)},`,
    `,${secret(32)}`,
    `${secret(32)};${secret(32)}`,
    `whsec_${Buffer.alloc(32, 255).toString('base64url')}`,
    Array(5).fill(secret(32)).join(','),
  ])
    t.equal(
      complaint({ ...WEBHOOK, WEBHOOK_SECRET: held }),
      `WEBHOOK_SECRET is ${held.length} characters (not shown); expected ${SECRET_EXPECTED}`,
    )
})

function secret(bytes: number): string {
  return `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`
}

t.test('a time to live has a unit', async (t) => {
  for (const [text, expected] of [
    ['1s', SECOND],
    ['90s', 90n * SECOND],
    ['15m', 900n * SECOND],
    ['24h', 24n * HOUR],
    ['7d', 168n * HOUR],
    ['3650d', 87_600n * HOUR],
  ] as const) {
    t.equal(readConfig({ TRANSACTION_ID_TTL: text }).transactionIDTtl, expected, text)
  }
})

t.test('every level of the log is taken', async (t) => {
  for (const level of ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) {
    t.equal(readConfig({ LOG_LEVEL: level }).logLevel, level)
  }
})

t.test('the highest port is 65535', async (t) => {
  t.equal(readConfig({ PORT: '65535' }).port, 65_535)
})

const TAKES = {
  PORT: 'a port number, 0 (any free one) to 65535',
  HOST: 'an address or a host name to listen on',
  DATA_DIR: 'a folder',
  LOG_LEVEL: 'fatal, error, warn, info, debug, trace, silent',
  TRANSACTION_ID_TTL: 'a whole number and a unit: 90s, 15m, 24h, 7d; at most 3650d',
  BATCH_MAX: 'a whole number, 1 to 4096',
  QUEUE_MAX: 'a whole number, 1 to 1000000',
  LANES: 'a whole number, 1 to 32',
  WORKERS: 'a whole number, 1 to 64, or auto: one fewer than there are processors',
  AUTH: 'none, to let anyone who can reach the service do everything',
  RATE_LIMIT_PER_USER: 'requests a second or a minute: 20/s, 600/m',
  RATE_LIMIT_PER_ADDRESS: 'requests a second or a minute: 20/s, 600/m',
  TRUST_PROXY: 'addresses and networks of proxies, with commas between them: 10.0.0.0/8,::1',
  CORS_ORIGINS:
    'origins as browsers write them, with commas between them and no path, no * and no / at the end: https://shop.example,http://localhost:3000',
}

const WRONG: Readonly<Record<keyof typeof TAKES, readonly string[]>> = {
  PORT: ['65536', '-1', '80.5', '0x50', '1e3', ' 80', 'http', '999999', 'abc'],
  HOST: ['a b', ' ', '\n'],
  DATA_DIR: ['a\0b'],
  LOG_LEVEL: ['INFO', 'verbose', '30'],
  TRANSACTION_ID_TTL: ['24', '0s', '-1h', '1.5h', '24H', '1w', '3651d', '999999999d', '01h', ' 1h', '1h30m'],
  BATCH_MAX: ['0', '4097', '-1', '1.5', '1e3', 'many'],
  QUEUE_MAX: ['0', '1000001'],
  LANES: ['0', '33'],
  WORKERS: ['0', '65', 'all', 'AUTO'],
  AUTH: ['NONE', 'None', 'no', 'off', 'false', '0', 'none ', 'bearer'],
  RATE_LIMIT_PER_USER: ['0/s', '20', '20/h', '20/S', '1000001/s', '9999999/m', '-1/s', '1.5/s', '01/s', '20 / s', '/s'],
  RATE_LIMIT_PER_ADDRESS: ['0/m', '10', 'many', '20/', '1e3/s'],
  TRUST_PROXY: [
    'true',
    '1',
    'loopback',
    'proxy.example',
    '10.0.0.0/33',
    '::/129',
    '0.0.0.0/0',
    '10.0.0.1,',
    ',',
    'fe80::1%eth0',
    '10.0.0.0/8/8',
  ],
  CORS_ORIGINS: [
    '*',
    'null',
    'true',
    'shop.example',
    'https://*.example',
    'https://shop.example/',
    'https://shop.example/pay',
    'https://shop.example?a',
    'https://Shop.example',
    'HTTPS://shop.example',
    'https://shop.example:443',
    'http://shop.example:80',
    'https://shop.example:',
    'https://shop.example:65536',
    'https://bücher.example',
    'https:shop.example',
    'https://',
    'ftp://shop.example',
    'file:///shop',
    'chrome-extension://abc',
    'https://shop.example,',
    ',',
    'https://shop.example https://other.example',
    'https://shop.example;https://other.example',
  ],
}

for (const variable of Object.keys(TAKES) as (keyof typeof TAKES)[]) {
  t.test(`a wrong ${variable} stops the start with a line that names it, what it held and what it takes`, async (t) => {
    for (const held of WRONG[variable]) {
      const message = `${variable} is ${JSON.stringify(held)}; expected ${TAKES[variable]}`
      t.equal(complaint({ [variable]: held }), message)
      t.notMatch(message, /\n/)
    }
  })
}

t.test('a wrong endpoint for traces is named, and shown where no password can be in it', async (t) => {
  for (const [held, shown] of [
    ['collector:4318', '"collector:4318"'],
    ['ftp://me:hunter2@host', '21 characters (not shown)'],
  ] as const)
    t.match(
      complaint({ OTEL_EXPORTER_OTLP_ENDPOINT: held }),
      `OTEL_EXPORTER_OTLP_ENDPOINT is ${shown}; expected the URL`,
    )
  t.match(complaint({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }), /^OTEL_EXPORTER_OTLP_PROTOCOL is "grpc"; expected http/)
})

t.test('a CORS_ORIGINS that may have a password in it is not shown', async (t) => {
  t.match(
    complaint({ CORS_ORIGINS: 'https://me:hunter2@shop.example' }),
    `CORS_ORIGINS is ${hidden('https://me:hunter2@shop.example')}; `,
  )
})

t.test('of several wrong variables one is named', async (t) => {
  t.match(complaint({ PORT: 'x', LOG_LEVEL: 'x' }), /^PORT is "x"; /)
})

t.test('TRANSACTION_ID_KEY takes several keys, newest first, with commas or blanks between them', async (t) => {
  const older = Buffer.alloc(32, 8)
  const both = [KEY, older].map((key) => key.toString('base64'))
  for (const text of [both.join(','), both.join(', '), both.join(' '), `${both.join('\n')}\n`])
    t.strictSame(readConfig({ TRANSACTION_ID_KEY: text }).transactionIDKeys, [KEY, older], JSON.stringify(text))
})

t.test('a wrong TRANSACTION_ID_KEY is never shown', async (t) => {
  const takes =
    "32 bytes in base64, as 'openssl rand -base64 32' prints them, or up to 8 of those, newest first, with commas between them"
  const wrong = [
    'short',
    Buffer.alloc(31, 7).toString('base64'),
    Buffer.alloc(33, 7).toString('base64'),
    KEY.toString('hex'),
    KEY.toString('base64url'),
    `${KEY.toString('base64')}${KEY.toString('base64')}`,
    `${KEY.toString('base64')};${KEY.toString('base64')}`,
    `${KEY.toString('base64')},short`,
    Array.from({ length: 9 }, () => KEY.toString('base64')).join(','),
    ' , ',
    '!'.repeat(44),
  ]
  for (const held of wrong) {
    const message = `TRANSACTION_ID_KEY is ${held.length} characters (not shown); expected ${takes}`
    t.equal(complaint({ TRANSACTION_ID_KEY: held }), message)
  }
})

const DATABASE_URL_TAKES =
  'postgres://user:password@host:port/database, with ?sslmode=disable, require or verify-full; or with up to 8 hosts (host1:port1,host2:port2) and target_session_attrs=any, read-write or primary'

t.test('a wrong DATABASE_URL is shown without its password', async (t) => {
  for (const [held, shown] of [
    ['mysql://me:hunter2@db/wallets', 'mysql://me:…@db/wallets'],
    ['postgres://me:hunter2@db', 'postgres://me:…@db'],
    ['postgres://me:hunter2@db:54x/wallets', undefined],
    ['postgres://:hunter2@db/wallets', 'postgres://:…@db/wallets'],
    ['postgres://me:hunter2@db/wallets?sslmode=perhaps', 'postgres://me:…@db/wallets?sslmode=perhaps'],
    ['postgres://me@db', 'postgres://me@db'],
    ['postgres://me:hunter2@a:1,b:2/', 'postgres://me:…@a:1,b:2/'],
    [
      'postgres://me:hunter2@a:1,b:2/wallets?sslmode=disable&target_session_attrs=standby',
      'postgres://me:…@a:1,b:2/wallets?sslmode=disable&target_session_attrs=standby',
    ],
  ] as const) {
    const told = shown === undefined ? hidden(held) : JSON.stringify(shown)
    t.equal(complaint({ DATABASE_URL: held }), `DATABASE_URL is ${told}; expected ${DATABASE_URL_TAKES}`)
  }
})

t.test('a DATABASE_URL whose password cannot be told from the rest is not shown at all', async (t) => {
  for (const held of [
    'hunter2',
    'me:hunter2@db/wallets',
    'postgres:me:hunter2@db/wallets',
    'postgres://m/e:hunter2@db/wallets',
    'postgres://me:hunter2',
    'postgres://me:hunt@hunter2@db',
    'postgres://me:x/hunter2@db',
    'postgres://db/wallets?user=me&password=hunter2',
    'postgres://me:x@db/wallets?sslmode=require&password=hunter2',
    'host=db user=me password=hunter2',
    'postgres://me:x@db#hunter2',
    'mysql://me:x\nhunter2@db?a=b',
  ]) {
    const message = complaint({ DATABASE_URL: held })
    t.equal(message, `DATABASE_URL is ${hidden(held)}; expected ${DATABASE_URL_TAKES}`)
    t.notMatch(message, /hunter2/)
  }
})

t.test('a READ_DATABASE_URL is one of a standby, beside that of its primary', async (t) => {
  const DATABASE_URL = 'postgres://me:hunter2@db/wallets'
  t.equal(
    complaint({ READ_DATABASE_URL: DATABASE_URL }),
    'READ_DATABASE_URL is set; expected no value without DATABASE_URL, whose standby it is',
  )
  t.equal(
    complaint({ DATABASE_URL, READ_DATABASE_URL: `${DATABASE_URL}?target_session_attrs=primary` }),
    'READ_DATABASE_URL is "postgres://me:…@db/wallets?target_session_attrs=primary"; expected postgres://user:password@host:port/database, with ?sslmode=disable, require or verify-full; with one host, and no target_session_attrs',
  )
  t.match(
    complaint({ DATABASE_URL, READ_DATABASE_URL: 'postgres://me:hunter2@copy1:1,copy2:2/wallets' }),
    /^READ_DATABASE_URL is "postgres:\/\/me:…@copy1:1,copy2:2\/wallets"; expected .* with one host/,
  )
})

function hidden(text: string): string {
  return `${text.length} characters (not shown: a password may be in them)`
}

function complaint(env: Readonly<Record<string, string>>): string {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error(`nothing is wrong with ${JSON.stringify(env)}`)
}
