import { join } from 'node:path'
import t from 'tap'
import { toURL } from '../../db/address.ts'
import { administer } from '../support/database/database.ts'
import { freePort } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'
import { createCluster, startPlace } from './cluster.ts'
import { readFeed } from './feed.ts'
import { createPayer, lost, moneyIn, repeat, startPayers } from './payers.ts'

const LIMIT_MS = 60_000
const PAYERS = 8
const SOME = 200

t.test('a dump that was taken under load is restored into a new server, and nothing is paid twice', async (t) => {
  const place = await startPlace(t)
  const old = await createCluster(place, 'old')
  const PORT = String(await freePort())
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(old.address), PORT } })
  const client = createPayer(service.url)
  const payers = await startPayers(t, service.url, PAYERS)
  const paySome = (goal: number) =>
    eventually('payments', LIMIT_MS, () => (payers.acknowledged().length >= goal ? true : undefined))
  await paySome(SOME)
  const kept = payers.acknowledged()
  const dump = join(place.folder, 'wallet.dump')
  const serverOf = ({ address }: typeof old) => ['-h', address.host, '-p', String(address.port), '-U', address.user]
  await place.run('pg_dump', ...serverOf(old), '-Fc', '-f', dump, old.address.database)
  const dumpedAt = performance.now()
  await paySome(payers.acknowledged().length + SOME)
  const { next: cursor } = await client.feedPage()
  await payers.finish()
  await service.end('SIGTERM')
  await old.kill()

  const fresh = await createCluster(place, 'fresh')
  await place.run('pg_restore', ...serverOf(fresh), '-d', fresh.address.database, '--exit-on-error', dump)
  const env = { DATABASE_URL: toURL(fresh.address), PORT }
  const restored = await runWallet(t, ['restored', '--yes'], { env })
  t.equal(restored.code, 0, restored.stderr)
  t.match(restored.stdout, 'no problems found')

  await startServiceProcess(t, { env })
  const repeated = await repeat(client, payers.payments)
  t.same(lost(repeated, kept), [], 'what was acknowledged before the dump is answered as it was')
  const known = payers.acknowledged().filter((payment) => repeated.paid.has(payment))
  t.same(lost(repeated, known), [], 'so is whatever else it has')
  const later = payers.payments.filter(({ sentAt }) => sentAt > dumpedAt)
  t.ok(later.length > 0 && later.every((payment) => repeated.retired.includes(payment)), 'what came later is retired')
  const [money] = await administer(fresh.address, 'SELECT sum(balance)::int AS sum FROM user_wallet')
  t.equal(money?.sum, moneyIn(repeated.paid.keys()), 'there is the money of what was paid, once')
  await t.rejects(client.feedPage({ after: cursor }), { code: 'CURSOR_GONE', status: 410 })

  const before = await readFeed(client)
  const { transactionID } = await client.issue('payer-0')
  await client.deposit({ to: 'payer-0', amount: 5 }, { transactionID })
  const after = await eventually('the feed has the new payment', LIMIT_MS, async () => {
    const read = await readFeed(client)
    return read.length > before.length ? read : undefined
  })
  t.same(after.slice(0, -1), before, 'the feed goes on behind all that was restored')
  t.equal(after.at(-1)?.transactionID, transactionID)
  t.match(await runWallet(t, ['audit'], { env }), { code: 0, stdout: /no problems found/ })
})
