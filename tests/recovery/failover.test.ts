import { join } from 'node:path'
import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { administer } from '../support/database/database.ts'
import { createRelay } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { createClient } from '../support/process/service-client.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'
import { clusterAt, createCluster, startPlace, takeBaseBackup } from './cluster.ts'
import { createPayer, lost, moneyIn, type Payers, repeat, startPayers } from './payers.ts'

const LIMIT_MS = 60_000
const PAYERS = 8
const SOME = 300
const STANDBY = 'standby1'

/** A primary and a standby that streams from it over a line that can be cut, and a service that knows both. */
async function start(t: Test, commits: 'wait for the standby' | 'do not wait') {
  const place = await startPlace(t)
  const primary = await createCluster(place, 'primary')
  const line = await createRelay(t, primary.address)
  await line.open()
  const data = join(place.folder, 'standby')
  await takeBaseBackup(place, primary.address, data)
  const { host, port, user } = line.address
  await place.configure(data, {
    primary_conninfo: `host=${host} port=${port} user=${user} application_name=${STANDBY}`,
  })
  await place.touch(data, 'standby.signal')
  const standby = await clusterAt(place, data)
  await standby.start()
  const isSynchronous = commits === 'wait for the standby'
  if (isSynchronous) {
    await administer(primary.address, `ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (${STANDBY})'`)
    await administer(primary.address, 'SELECT pg_reload_conf()')
  }
  await eventually('the standby streams', LIMIT_MS, async () => {
    const [row] = await administer(primary.address, 'SELECT state, sync_state FROM pg_stat_replication')
    return row?.state === 'streaming' && row.sync_state === (isSynchronous ? 'sync' : 'async') ? true : undefined
  })
  const both = { ...primary.address, others: [standby.address], target: 'read-write' } as const
  const env = { DATABASE_URL: toURL(both) }
  const service = await startServiceProcess(t, { env })
  return { primary, standby, line, env, service, client: createPayer(service.url) }
}

async function paySome(payers: Payers, goal = payers.acknowledged().length + SOME): Promise<void> {
  await eventually('payments', LIMIT_MS, () => (payers.acknowledged().length >= goal ? true : undefined))
}

t.test('a synchronous standby takes over under load: nothing acknowledged is lost, and clients go on', async (t) => {
  const { primary, standby, env, service, client } = await start(t, 'wait for the standby')
  const payers = await startPayers(t, service.url, PAYERS)
  await paySome(payers)

  const killedAt = performance.now()
  const acknowledged = payers.acknowledged()
  await primary.kill()
  const promotedAt = performance.now()
  await standby.promote()
  await paySome(payers, acknowledged.length + SOME)
  await payers.finish()

  const all = payers.payments
  t.equal(payers.acknowledged().length, all.length, 'clients went on by themselves until each payment was done')
  const repeated = await repeat(client, all)
  t.same(repeated.retired, [], 'nothing is to be declared restored')
  t.same(lost(repeated, all), [], 'every acknowledged payment is there as it was acknowledged')
  const [money] = await administer(standby.address, 'SELECT sum(balance)::int AS sum FROM user_wallet')
  t.equal(money?.sum, moneyIn(all), 'once')
  t.match(await runWallet(t, ['audit'], { env }), { code: 0, stdout: /no problems found/ })

  const times = all.map(({ acknowledgedAt = 0 }) => acknowledgedAt).toSorted((a, b) => a - b)
  const next = times.find((time) => time > promotedAt) ?? 0
  const last = times.findLast((time) => time < next) ?? 0
  const ms = (time: number) => `${Math.round(time)} ms`
  t.comment(
    `${all.length} payments; from the kill to the order to promote ${ms(promotedAt - killedAt)}, from there to the first ` +
      `payment ${ms(next - promotedAt)}, no payment for ${ms(next - last)}`,
  )
})

t.test('while the synchronous standby is away nothing is acknowledged, and to repeat it settles it', async (t) => {
  const { primary, standby, line, env, service } = await start(t, 'wait for the standby')
  const client = createClient(service.url)
  for (const user of ['ada', 'bob']) await client.open(user)
  const [first, second] = [await client.issue('ada'), await client.issue('bob')]
  await line.close()
  for (const what of ['a payment', 'its repetition'])
    t.match(await client.deposit('ada', 1, first), { status: 503, body: { code: 'OUTCOME_UNKNOWN' } }, what)

  const waiting = `SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`
  t.ok((await administer(primary.address, waiting)).length > 0, 'a commit waits on the primary')

  await line.open()
  t.match(await settled(() => client.deposit('ada', 1, first)), { status: 200 }, 'the standby is back')
  t.match((await client.wallet('ada')).body, { balance: 1, version: 1 })

  await line.close()
  t.match(await client.deposit('bob', 10, second), { status: 503, body: { code: 'OUTCOME_UNKNOWN' } })
  await primary.kill()
  await standby.promote()
  const paid = await settled(() => client.deposit('bob', 10, second))
  t.match(paid, { status: 200, replayed: false }, 'what the standby never had is done there')
  t.match((await client.wallet('bob')).body, { balance: 10, version: 1 })
  t.match(await client.deposit('ada', 1, first), { status: 200, replayed: true })
  t.match(await runWallet(t, ['audit'], { env }), { code: 0, stdout: /no problems found/ })
})

t.test('an asynchronous standby that was behind takes over: after `restored` nothing is paid twice', async (t) => {
  const { primary, standby, line, env, service, client } = await start(t, 'do not wait')
  const payers = await startPayers(t, service.url, PAYERS)
  await paySome(payers)
  await line.close()
  await paySome(payers)
  await primary.kill()
  await payers.giveUp()
  await standby.promote()
  const { code, stdout, stderr } = await runWallet(t, ['restored', '--yes'], { env })
  t.equal(code, 0, stderr)
  t.match(stdout, 'no problems found')

  const acknowledged = payers.acknowledged()
  const repeated = await repeat(client, payers.payments)
  const gone = acknowledged.filter((payment) => repeated.retired.includes(payment))
  t.ok(gone.length > 0, 'of what was acknowledged some is lost')
  t.same(
    lost(repeated, acknowledged).filter((payment) => !gone.includes(payment)),
    [],
    'the rest is answered as it was',
  )
  const [money] = await administer(standby.address, 'SELECT sum(balance)::int AS sum FROM user_wallet')
  t.equal(money?.sum, moneyIn(repeated.paid.keys()), 'nothing is paid that was not there')
  t.comment(`${acknowledged.length} acknowledged: ${gone.length} lost, and refused as retired`)
})

/** The answer that is final, to a request that is sent again until there is one. */
function settled<Answer extends { readonly status: number }>(ask: () => Promise<Answer>): Promise<Answer> {
  return eventually('a final answer', LIMIT_MS, async () => {
    const answer = await ask()
    return answer.status === 503 ? undefined : answer
  })
}
