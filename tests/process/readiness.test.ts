import t from 'tap'
import { toURL } from '../../db/address.ts'
import { connect } from '../../db/migrate.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { overSocket } from '../support/http/http.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

const PROBES = 200
const READY_LIMIT_MS = 20_000

t.test('however many ask whether it is ready, the database is asked once at a time', async (t) => {
  const database = await createTestDatabase(t)
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(database) } })
  const send = overSocket(Number(new URL(service.url).port))
  const statusOf = async (path: string) => (await send({ method: 'GET', path })).status
  const pings = async () => {
    const { text } = await send({ method: 'GET', path: '/metrics' })
    return Number(/^wallet_database_step_duration_seconds_count\{step="ping"\} (\d+)$/m.exec(text)?.[1] ?? 0)
  }
  t.equal(await statusOf('/readyz'), 200)

  // The question has to wait for this lock, and fails when it has waited long enough.
  const holder = await connect(database)
  await holder.query('BEGIN; LOCK TABLE wallet_migration IN ACCESS EXCLUSIVE MODE')
  const before = await pings()
  const statuses = await Promise.all(Array.from({ length: PROBES }, () => statusOf('/readyz')))
  const asked = (await pings()) - before
  t.same(new Set(statuses), new Set([503]))
  t.ok(asked >= 1 && asked < PROBES / 2, `${PROBES} probes, ${asked} questions`)

  await holder.query('ROLLBACK')
  await holder.end()
  await eventually('it is ready again', READY_LIMIT_MS, async () =>
    (await statusOf('/readyz')) === 200 ? true : undefined,
  )
})
