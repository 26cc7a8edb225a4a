import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { type Host, type ServerAddress, toURL } from '../../db/address.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { createRelay, freePort } from '../support/database/relay.ts'
import { startReplicated } from '../support/database/replicated.ts'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/process/service-client.ts'
import { runServiceToEnd, runWallet, startServiceProcess } from '../support/process/service-process.ts'

const WAIT_LIMIT_MS = 30_000
const HERE = '127.0.0.1'

/** The server under a host name and a port: what a URL with several hosts is made of. */
async function reachable(t: Test, server: ServerAddress): Promise<ServerAddress> {
  const relay = await createRelay(t, server)
  await relay.open()
  return relay.address
}

/** Takes connections, and says nothing. */
async function silentHost(t: Test): Promise<Host> {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  server.listen(0, HERE)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a port')
  return { host: HERE, port: address.port }
}

for (const [what, first] of [
  ['is not there', async () => ({ host: HERE, port: await freePort() })],
  ['says nothing', silentHost],
] as const)
  t.test(`a first host that ${what} is passed over, by the service and by the commands`, async (t) => {
    const { host, port, ...database } = await reachable(t, await createTestDatabase(t))
    const env = { DATABASE_URL: toURL({ ...database, ...(await first(t)), others: [{ host, port }] }) }
    const { call, open, issue, deposit } = createClient((await startServiceProcess(t, { env })).url)
    await eventually('ready', WAIT_LIMIT_MS, async () =>
      (await call('GET', '/readyz')).status === 200 ? true : undefined,
    )
    await open('ada')
    t.match(await deposit('ada', 1, await issue('ada')), { status: 200 })
    for (const command of ['audit', 'migrate']) t.match(await runWallet(t, [command], { env }), { code: 0 }, command)
  })

t.test('if no host is to be used, the message says why of each', async (t) => {
  const [one, two] = [await freePort(), await freePort()]
  const env = { DATABASE_URL: `postgres://me@${HERE}:${one},${HERE}:${two}/wallets` }
  const { code, stderr } = await runWallet(t, ['migrate'], { env })
  t.equal(code, 1)
  t.match(stderr, `${HERE}:${one}: connect ECONNREFUSED`)
  t.match(stderr, `${HERE}:${two}: connect ECONNREFUSED`)
})

t.test('a password that the first host refuses is not tried on the next', async (t) => {
  const { host, port, ...database } = await reachable(t, await createTestDatabase(t))
  const others = [{ host: HERE, port: await freePort() }]
  const url = toURL({ ...database, host, port, others, user: 'no_such_role' })
  const { code, stderr } = await runServiceToEnd(t, { env: { DATABASE_URL: url } })
  t.equal(code, 1)
  t.match(stderr, 'no_such_role')
  t.notMatch(stderr, 'ECONNREFUSED')
})

t.test('the primary is found among several hosts, and found again when it is another one', async (t) => {
  const replicated = await startReplicated(t)
  const { caughtUp } = replicated.standby
  const [primary, standby] = [replicated.primary.address, replicated.standby.address]
  const [first, second] = [await reachable(t, standby), await reachable(t, primary)]
  const both = { ...first, others: [{ host: second.host, port: second.port }] }
  const any = await runServiceToEnd(t, { env: { DATABASE_URL: toURL(both) } })
  t.match(any, { code: 1, stderr: /^the server is a standby/ }, 'without target_session_attrs the first that answers')

  const env = { DATABASE_URL: toURL({ ...both, target: 'read-write' }) }
  const service = await startServiceProcess(t, { env })
  const client = createClient(service.url)
  t.match(await client.open('ada'), { status: 201 })
  t.match(await client.deposit('ada', 1, await client.issue('ada')), { status: 200 })
  t.match(await runWallet(t, ['audit'], { env }), { code: 0 })

  const histories = () => Promise.all(Array.from({ length: 8 }, () => client.history('ada')))
  for (const { body } of await histories()) t.match(body.transactions, { length: 1 }, 'several connections read')

  const between = await client.issue('ada')
  await administer(primary, 'ALTER SYSTEM SET default_transaction_read_only = on')
  await administer(primary, 'SELECT pg_reload_conf()')
  await eventually('/readyz says 503', WAIT_LIMIT_MS, async () =>
    (await client.call('GET', '/readyz')).status === 503 ? true : undefined,
  )
  t.match(await client.deposit('ada', 10, between), { status: 503 })

  await caughtUp()
  await administer(standby, 'SELECT pg_promote()')
  const paid = await eventually('an answer', WAIT_LIMIT_MS, async () => {
    const answer = await client.deposit('ada', 10, between)
    return answer.status === 503 ? undefined : answer
  })
  t.match(paid, { status: 200, replayed: false })
  t.match((await client.wallet('ada')).body, { balance: 11, version: 2 })
  for (const { body } of await histories()) t.match(body.transactions, { length: 2 }, 'none reads where it read before')
  t.same(await administer(standby, 'SELECT sum(balance)::int AS sum FROM user_wallet'), [{ sum: 11 }])
  t.match(await client.call('GET', '/readyz'), { status: 200 })
})
