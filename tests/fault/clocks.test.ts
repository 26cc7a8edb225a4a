import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'
import { createClient } from '../support/process/service-client.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const HOUR_MS = 3_600_000
const PHASE_MS = 700
const SIGNAL_LIMIT_MS = 5000

/** A database in whose sessions the clock can be set: its functions are found before PostgreSQL's own. */
async function databaseWithClock(t: Test) {
  const database = await createTestDatabase(t)
  await administer(
    database,
    `CREATE SCHEMA shifted;
     CREATE TABLE shifted.clock (by interval NOT NULL);
     INSERT INTO shifted.clock VALUES ('0');
     CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
       'SELECT pg_catalog.clock_timestamp() + by FROM shifted.clock';
     CREATE FUNCTION shifted.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS
       'SELECT pg_catalog.now() + by FROM shifted.clock';
     ALTER DATABASE ${database.database} SET search_path = shifted, pg_catalog, public`,
  )
  return {
    database,
    setDatabaseClock: (byMs: number) => administer(database, `UPDATE shifted.clock SET by = '${byMs} ms'`),
  }
}

async function serviceWithClock(t: Test, database: ServerAddress, env: Readonly<Record<string, string>> = {}) {
  const file = join(await temporaryFolder(t), 'shift')
  const service = await startRestartableService(t, database, {
    env: { CLOCK_SHIFT_FILE: file, ...env },
    preload: new URL('shifted-clock.js', import.meta.url),
  })
  return {
    service,
    async setServiceClock(byMs: number) {
      await writeFile(file, String(byMs))
      process.kill(service.current().pid, 'SIGUSR2')
      await eventually('the clock of the service is set', SIGNAL_LIMIT_MS, () => (existsSync(file) ? undefined : true))
    },
  }
}

t.test('clocks that jump an hour back and forth change neither the order of history nor what was done', async (t) => {
  const { database, setDatabaseClock } = await databaseWithClock(t)
  const { service, setServiceClock } = await serviceWithClock(t, database)
  const load = await startFaultLoad(t, { urls: [service.url] })
  for (const byMs of [0, HOUR_MS, -HOUR_MS, 0]) {
    await setServiceClock(byMs)
    await delay(PHASE_MS)
  }
  for (const byMs of [HOUR_MS, -HOUR_MS, 0]) {
    await setDatabaseClock(byMs)
    await delay(PHASE_MS)
  }
  await load.stop()
  const [moved] = await administer(
    database,
    `SELECT (max(created_at) > pg_catalog.now() + '30 min')::text AS ahead FROM user_wallet_transaction`,
  )
  t.equal(moved?.ahead, 'true', 'the clock of the database was followed')
  const figures = await checkPromises(t, {
    fault: 'clocks an hour back and forth',
    load,
    database,
    services: [service],
  })
  t.equal(figures.turnedAway + figures.unknown, 0, 'and no one was turned away')
})

t.test('an ID that expired by the database clock stays expired when that is set back', async (t) => {
  const { database, setDatabaseClock } = await databaseWithClock(t)
  const { service } = await serviceWithClock(t, database, { TRANSACTION_ID_TTL: '30m' })
  const client = createClient(service.url)
  await client.open('ann')
  const [used, unused] = [await client.issue('ann'), await client.issue('ann')]
  await setDatabaseClock(HOUR_MS)
  t.match(await client.deposit('ann', 5, used), { status: 422, body: { code: 'TRANSACTION_ID_EXPIRED' } })
  t.match(await client.status('ann', unused), { body: { status: 'expired' } })
  await setDatabaseClock(0)
  t.match(await client.deposit('ann', 5, used), { status: 422, body: { code: 'TRANSACTION_ID_EXPIRED' } })
  t.match(await client.wallet('ann'), { body: { balance: 0 } })
})

t.test(
  'an ID of a service whose clock is ahead can be used, and one whose clock is behind expires sooner',
  async (t) => {
    const { database } = await databaseWithClock(t)
    const { service, setServiceClock } = await serviceWithClock(t, database, { TRANSACTION_ID_TTL: '30m' })
    const client = createClient(service.url)
    await client.open('ann')
    await setServiceClock(HOUR_MS)
    t.match(await client.deposit('ann', 5, await client.issue('ann')), { status: 200 })
    await setServiceClock(-HOUR_MS)
    const late = await client.deposit('ann', 5, await client.issue('ann'))
    t.match(late, { status: 422, body: { code: 'TRANSACTION_ID_EXPIRED' } })
    t.match(await client.wallet('ann'), { body: { balance: 5, version: 1 } })
  },
)
