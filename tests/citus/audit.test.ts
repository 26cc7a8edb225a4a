import t from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { isSettled, startFaultLoad } from '../support/faults/fault-load.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'

const AUDITS = 10
const LOAD_LIMIT_MS = 5000

t.test('an audit of wallets that lie on two workers sees no transfer by halves, while transfers go on', async (t) => {
  const database = await createTestDatabase(t)
  const service = await startRestartableService(t, database)
  const load = await startFaultLoad(t, { urls: [service.url] })
  await eventually('the load is under way', LOAD_LIMIT_MS, () =>
    load.movements.some(({ answer }) => answer?.status === 200) ? true : undefined,
  )
  let seen = 0
  for (let n = 0; n < AUDITS; n += 1) {
    const { findings, figures } = await auditLedger(database, { rangeBytes: 64 * 1024 })
    t.same(findings, [], `audit ${n + 1}`)
    t.ok(figures.transactions > seen, `${figures.transactions} transactions`)
    seen = figures.transactions
  }
  await load.stop()
  const turnedAway = load.movements.filter((movement) => !isSettled(movement))
  t.same(turnedAway, [], 'no one was turned away meanwhile')
})

t.test('the auditor finds on a shard what was done to it behind the back of all', async (t) => {
  const database = await createTestDatabase(t)
  await administer(
    database,
    `INSERT INTO user_wallet VALUES ('ada', 5, 1, 'now', 'now');
     INSERT INTO user_wallet VALUES ('bob', 7, 0, 'now', 'now')`,
  )
  const { findings } = await auditLedger(database)
  t.same([...new Set(findings.map(({ userID }) => userID))].sort(), ['ada', 'bob', null])
  t.ok(findings.some(({ check }) => check === 'money'))
})
