import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { toURL } from '../../db/address.ts'
import { administer } from '../support/database/database.ts'
import { freePort } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'
import { clusterAt, createCluster, makeFolder, startPlace, takeBaseBackup } from './cluster.ts'
import { readFeed } from './feed.ts'
import { createPayer, lost, moneyIn, pay, repeat, startPayers } from './payers.ts'

const LIMIT_MS = 60_000
const PAYERS = 8
/** Acknowledged between two steps. */
const SOME = 200

t.test('a ledger is recovered to a moment before a crash, and nothing is paid twice', async (t) => {
  const place = await startPlace(t)
  const archive = await makeFolder(place, 'archive')
  const primary = await createCluster(place, 'primary', {
    archive_mode: 'on',
    archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
  })
  const { address } = primary
  const port = String(await freePort())
  const serve = (url: string) => startServiceProcess(t, { env: { DATABASE_URL: url, PORT: port } })
  const service = await serve(toURL(address))
  const client = createPayer(service.url)
  const payers = await startPayers(t, service.url, PAYERS)
  async function paySome(): Promise<void> {
    const goal = payers.acknowledged().length + SOME
    await eventually('payments', LIMIT_MS, () => (payers.acknowledged().length >= goal ? true : undefined))
  }

  await paySome()
  const backup = join(place.folder, 'backup')
  await takeBaseBackup(place, address, backup)
  await paySome()
  const { next: cursorBefore } = await client.feedPage()
  const kept = payers.acknowledged()
  const [row] = await administer(address, 'SELECT clock_timestamp()::text AS moment')
  const notedAt = performance.now()
  await paySome()
  const { next: cursorAfter } = await client.feedPage({ after: cursorBefore })
  const [wal] = await administer(address, 'SELECT pg_walfile_name(pg_switch_wal()) AS name')
  await eventually('the WAL is archived', LIMIT_MS, async () => {
    const [archived] = await administer(address, 'SELECT last_archived_wal AS name FROM pg_stat_archiver')
    return String(archived?.name) >= String(wal?.name) ? true : undefined
  })
  await paySome()

  await primary.kill()
  await payers.giveUp()
  await service.end('SIGTERM')
  await rm(primary.data, { recursive: true })

  const data = join(place.folder, 'recovered')
  await place.run('cp', '-a', backup, data)
  await place.configure(data, {
    archive_mode: 'off',
    restore_command: `cp ${archive}/%f %p`,
    recovery_target_time: String(row?.moment),
    recovery_target_action: 'promote',
  })
  await place.touch(data, 'recovery.signal')
  const recovered = await clusterAt(place, data)
  await recovered.start()
  await recovered.takesWrites()

  const env = { DATABASE_URL: toURL(recovered.address) }
  const restored = await runWallet(t, ['restored', '--yes'], { env })
  t.equal(restored.code, 0, restored.stderr)
  t.match(restored.stdout, 'no problems found')

  await serve(env.DATABASE_URL)
  const count = 'SELECT count(*)::int AS count FROM user_wallet_transaction'
  const before = await administer(recovered.address, count)
  const repeated = await repeat(client, payers.payments)
  t.same(lost(repeated, kept), [], 'what was acknowledged before the moment is answered as it was')
  const known = payers.acknowledged().filter((payment) => repeated.paid.has(payment))
  t.same(lost(repeated, known), [], 'so is whatever else the ledger has')
  const later = payers.payments.filter(({ sentAt }) => sentAt > notedAt)
  t.ok(later.length >= SOME, 'much was paid after the moment')
  t.same(
    later.filter((payment) => !repeated.retired.includes(payment)),
    [],
    'what was sent after the moment is retired',
  )
  t.same(await administer(recovered.address, count), before, 'to send all of it again writes nothing')
  const again = await repeat(client, payers.payments)
  t.same([again.paid, again.retired.length], [repeated.paid, repeated.retired.length], 'and neither does a third time')
  const [money] = await administer(recovered.address, 'SELECT sum(balance)::int AS sum FROM user_wallet')
  t.equal(money?.sum, moneyIn(repeated.paid.keys()), 'there is the money of what was paid, once')
  t.comment(`${payers.payments.length} payments: ${repeated.paid.size} kept, ${repeated.retired.length} retired`)

  for (const after of [cursorBefore, cursorAfter])
    await t.rejects(client.feedPage({ after }), { code: 'CURSOR_GONE', status: 410 })
  const fresh = await client.issue('payer-0')
  const payment = { userID: 'payer-0', passiveUserID: undefined, amount: 5, ...fresh }
  const paid = await pay(client, { ...payment, sentAt: 0, acknowledgedAt: undefined, transaction: undefined })
  await eventually('the feed has the new payment', LIMIT_MS, async () => {
    const all = await readFeed(client)
    return all.at(-1)?.transactionID === paid.transactionID ? true : undefined
  })
  t.match(await runWallet(t, ['audit'], { env }), { code: 0, stdout: /no problems found/ })
})
