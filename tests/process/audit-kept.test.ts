import t from 'tap'
import type { AuditReport } from '../../audit/audit.ts'
import { keepReport } from '../../audit/keep.ts'
import { toURL } from '../../db/address.ts'
import { damage, writeLedger } from '../support/database/audited-ledger.ts'
import { administer, createRole, createTestDatabase } from '../support/database/database.ts'
import { createClient } from '../support/process/service-client.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'

t.test('the console shows what the auditor found when it last looked', async (t) => {
  const address = await writeLedger(t)
  const env = { DATABASE_URL: toURL(address) }
  const { url } = await startServiceProcess(t, { env })
  const shown = async () => (await createClient(url).call('GET', '/console/data/audit')).body.report
  t.equal(await shown(), null, 'nothing before the first')
  t.match(await runWallet(t, ['audit'], { env }), { code: 0 })
  t.match(await shown(), { figures: { wallets: 4, held: '142' }, findings: [] })

  await damage(address, `UPDATE user_wallet SET balance = 127 WHERE user_id = 'ann'`)
  const { code, stdout } = await runWallet(t, ['audit', '--json'], { env })
  t.equal(code, 1)
  t.strictSame(await shown(), JSON.parse(stdout), 'the last one, word for word')
})

t.test('an audit that took longer does not replace one of a later moment', async (t) => {
  const address = await createTestDatabase(t)
  const at = (takenAt: string): AuditReport => ({
    takenAt,
    seconds: 1,
    figures: {
      wallets: 0,
      transactions: 0,
      transactionIDs: 0,
      transfers: 0,
      refusals: 0,
      held: 0n,
      deposited: 0n,
      withdrawn: 0n,
    },
    checks: [],
    findings: [],
  })
  const kept = async () => (await administer(address, 'SELECT taken_at::date::text AS day FROM wallet_audit'))[0]?.day
  await keepReport(address, at('2026-03-02 00:00:00+00'))
  await keepReport(address, at('2026-03-01 00:00:00+00'))
  t.equal(await kept(), '2026-03-02')
  await keepReport(address, at('2026-03-03 00:00:00+00'))
  t.equal(await kept(), '2026-03-03')
})

t.test('an auditor that may only read says that its result was not kept, and audits all the same', async (t) => {
  const reader = await createRole(t, 'LOGIN')
  const address = await writeLedger(t)
  await administer(address, `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${reader.user}`)
  const env = { DATABASE_URL: toURL({ ...address, ...reader }) }
  const { code, stdout, stderr } = await runWallet(t, ['audit'], { env })
  t.equal(code, 0)
  t.match(stdout, /no problems found\n$/)
  t.match(stderr, /\nnot kept for the console: permission denied for table wallet_audit\n$/)
  t.match(await runWallet(t, ['audit', '--json'], { env }), { code: 0, stderr: '' })
})
