import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { describeAddress, toURL } from '../../db/address.ts'
import { createBareDatabase, createRole, createTestDatabase } from '../support/database/database.ts'
import { createRelay } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { createProtocolRelay } from '../support/faults/protocol-relay.ts'
import { overSocket } from '../support/http/http.ts'
import { createClient } from '../support/process/service-client.ts'
import { runServiceToEnd, startServiceProcess } from '../support/process/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The service must end by itself with one line for its operator, and say nothing else. Returns the line. */
async function refusedStart(t: Test, env: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await runServiceToEnd(t, { env })
  t.equal(code, 1, 'the exit code')
  t.equal(stdout, '', 'standard output')
  t.match(stderr, /^[^\n]+\n$/, 'one line')
  t.notMatch(stderr, /node:internal|\.[jt]s:\d/, 'no stack')
  return stderr.trimEnd()
}

t.test('the first line of output says the URL to call and the database', async (t) => {
  const database = await createTestDatabase(t)
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(database) } })
  t.equal(service.firstMessage, `listening at ${service.url}/api/v1, on PostgreSQL, ${describeAddress(database)}`)
  const client = createClient(service.url)
  t.equal((await client.call('GET', '/readyz')).status, 200, 'and it is ready at once')
  t.equal((await client.open('ada')).status, 201)
  t.equal((await service.end('SIGTERM')).code, 0)
})

t.test('an IPv6 address is written into the URL as one', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)), HOST: '::1' }
  const service = await startServiceProcess(t, { env })
  t.match(service.url, /^http:\/\/\[::1\]:\d+$/)
  t.equal((await createClient(service.url).call('GET', '/livez')).status, 200)
})

/** Samples: tests/unit has every variable, in config.test.ts and listen-address.test.ts. */
const WRONG: readonly (readonly [string, string, string])[] = [
  ['PORT', 'abc', 'PORT is "abc"; expected a port number'],
  ['DATABASE_URL', 'postgres://user:hidden@host/d?sslmode=maybe', 'DATABASE_URL is "postgres://user:…@host/d?sslmode='],
  ['HOST', '0.0.0.0', 'HOST is "0.0.0.0"; expected a loopback address while there is no authentication: set AUTH_JWKS'],
]

for (const [variable, value, expected] of WRONG) {
  t.test(`a start with ${variable}=${value} is refused`, async (t) => {
    const line = await refusedStart(t, { DATA_DIR: '/proc/nowhere', [variable]: value })
    t.ok(line.startsWith(expected), line)
    t.notMatch(line, /hidden/, 'no password')
  })
}

t.test(
  'without authentication a request by another name than this machine’s is refused, whatever it asks for',
  async (t) => {
    const DATABASE_URL = toURL(await createTestDatabase(t))
    const answers = async (env: Readonly<Record<string, string>>, host: string) => {
      const service = await startServiceProcess(t, { env: { DATABASE_URL, ...env } })
      const send = overSocket(Number(new URL(service.url).port))
      const ask = async (method: string, path: string) => (await send({ method, path, headers: { host } })).status
      const statuses = [
        await ask('PUT', '/api/v1/users/ada/wallet'),
        await ask('GET', '/console/'),
        await ask('GET', '/x'),
      ]
      t.equal((await service.end('SIGTERM')).code, 0)
      return statuses
    }
    t.same(await answers({}, 'rebound.example'), [400, 400, 400])
    t.same(await answers({}, 'localhost'), [201, 200, 404])
    t.same(await answers({ AUTH: 'none' }, 'wallet.example'), [200, 200, 404])
  },
)

t.test('with AUTH=none, or with tokens, it may listen on every address', async (t) => {
  const DATABASE_URL = toURL(await createTestDatabase(t))
  const bearer = { AUTH_JWKS_URL: 'http://127.0.0.1:1/keys', AUTH_ISSUER: 'issuer', AUTH_AUDIENCE: 'wallet' }
  for (const [authentication, status] of [
    [{ AUTH: 'none' }, 404],
    [bearer, 401],
  ] as const) {
    const service = await startServiceProcess(t, { env: { DATABASE_URL, HOST: '0.0.0.0', ...authentication } })
    t.match(service.url, /^http:\/\/0\.0\.0\.0:\d+$/)
    t.equal((await createClient(service.url).wallet('ada')).status, status)
    t.equal((await service.end('SIGTERM')).code, 0)
  }
})

t.test('a start with a HOST that is not an address of this machine is refused', async (t) => {
  const database = await createTestDatabase(t)
  const line = await refusedStart(t, { DATABASE_URL: toURL(database), HOST: '203.0.113.1', AUTH: 'none' })
  t.match(line, 'EADDRNOTAVAIL')
  t.match(line, 'HOST is not an address of this machine')
})

t.test('a start with a DATA_DIR that is a file is refused', async (t) => {
  const file = join(await temporaryFolder(t), 'file')
  await writeFile(file, '')
  t.match(await refusedStart(t, { DATA_DIR: file }), `DATA_DIR ${file} can't be used: `)
  t.match(await refusedStart(t, { DATA_DIR: join(file, 'below') }), `DATA_DIR ${join(file, 'below')} can't be used: `)
})

t.test('a start on a port that is taken is refused', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)), PORT: String(port) }
  const line = await refusedStart(t, env)
  t.match(line, `address already in use 127.0.0.1:${port}`)
  t.match(line, 'set PORT to another one')
})

t.test('a start on a database that does not exist is refused', async (t) => {
  const database = await createTestDatabase(t)
  const line = await refusedStart(t, { DATABASE_URL: toURL({ ...database, database: 'no_such_database' }) })
  t.match(line, 'database "no_such_database" does not exist')
  t.match(line, 'check its name in DATABASE_URL')
})

t.test('a start with a role that may not log in is refused', async (t) => {
  const database = await createTestDatabase(t)
  const role = await createRole(t, 'NOLOGIN')
  const line = await refusedStart(t, { DATABASE_URL: toURL({ ...database, ...role }) })
  t.match(line, 'check the user and the password in DATABASE_URL')
  t.notMatch(line, role.password)
})

t.test('a start with a role that may not bring the schema up to date is refused', async (t) => {
  const database = await createBareDatabase(t)
  const role = await createRole(t, 'LOGIN')
  const line = await refusedStart(t, { DATABASE_URL: toURL({ ...database, ...role }) })
  t.match(line, 'run "npm run migrate" as the owner of the schema first')
})

t.test('a service whose database does not answer yet lives, says so, and becomes ready by itself', async (t) => {
  const relay = await createRelay(t, await createBareDatabase(t))
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(relay.address) } })
  const client = createClient(service.url)
  const ready = async () => (await client.call('GET', '/readyz')).status
  t.match(service.firstMessage, `listening at ${service.url}/api/v1, but waiting for PostgreSQL, `)
  t.match(service.firstMessage, 'ECONNREFUSED')

  t.equal((await client.call('GET', '/livez')).status, 200)
  t.equal(await ready(), 503)
  const early = await client.open('ada')
  t.equal(early.status, 503)
  t.equal(early.body.code, 'DATABASE_UNAVAILABLE')

  await relay.open()
  await eventually('ready', 10_000, async () => ((await ready()) === 200 ? true : undefined))
  t.equal((await client.open('ada')).status, 201)

  await relay.close()
  await eventually('not ready any more', 10_000, async () => ((await ready()) === 503 ? true : undefined))
  t.equal((await client.call('GET', '/livez')).status, 200)
  await relay.open()
  await eventually('ready again', 10_000, async () => ((await ready()) === 200 ? true : undefined))
  t.equal((await client.open('ada')).status, 200)
  t.equal((await service.end('SIGTERM')).code, 0)
})

t.test(
  'a service whose database goes silent while it starts lives, says so, and becomes ready by itself',
  async (t) => {
    const relay = await createProtocolRelay(t, await createTestDatabase(t))
    let loggedIn = false
    relay.onServer(({ type }) => {
      if (loggedIn) return 'drop'
      loggedIn = type === 'Z'
      return 'pass'
    })
    const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(relay.address) } })
    t.match(service.firstMessage, 'but waiting for PostgreSQL')
    const client = createClient(service.url)
    t.equal((await client.call('GET', '/readyz')).status, 503)
    relay.onServer(() => 'pass')
    await eventually('ready', 15_000, async () =>
      (await client.call('GET', '/readyz')).status === 200 ? true : undefined,
    )
    t.equal((await service.end('SIGTERM')).code, 0)
  },
)

t.test('a service that waits for its database and finds it unusable says why, once', async (t) => {
  const database = await createTestDatabase(t)
  const relay = await createRelay(t, { ...database, database: 'no_such_database' })
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(relay.address) } })
  await relay.open()
  const complaints = () => service.log().split('no_such_database\\" does not exist').length - 1
  await eventually('the reason', 10_000, () => (complaints() > 0 ? true : undefined))
  const looked = relay.connections()
  await eventually('more attempts', 10_000, () => (relay.connections() > looked + 2 ? true : undefined))
  t.equal((await service.end('SIGTERM')).code, 0)
  t.equal(complaints(), 1)
})

t.test('a service that still waits for its database stops when it is told to', async (t) => {
  const relay = await createRelay(t, await createBareDatabase(t))
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(relay.address) } })
  const { code, stderr } = await service.end('SIGTERM')
  t.equal(code, 0)
  t.equal(stderr, '')
})
