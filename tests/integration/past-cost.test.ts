import t, { type Test } from 'tap'
import type { Connection } from '../../src/adapters/postgres/connection.ts'
import { prepareReads } from '../../src/adapters/postgres/prepare.ts'
import { after, type Instant } from '../../src/domain/instant.ts'
import { MAX_TOTALLED } from '../../src/domain/past.ts'
import { openTestConnection } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'
import { at, buffersOf, explain, fillLongHistory, LONG, mostRows, type PlanNode } from '../support/database/explain.ts'

/** One more than is added up. */
const LENGTH = MAX_TOTALLED + 1
/** Down an index two or three times. */
const MAX_BUFFERS = 20
/** And along it, with the rows. */
const MAX_TOTALLED_BUFFERS = MAX_BUFFERS + 10
const FEW = 100

const explainMoment = (connection: Connection, before: Instant) =>
  explain(connection, 'changed_at < ', [`'${LONG}'`, before, `'${LONG}'`, before, `'${LONG}'`, before])

function explainStatement(connection: Connection, from: Instant, to: Instant): Promise<PlanNode> {
  const ends = [`'${LONG}'`, from, `'${LONG}'`, to, `'${LONG}'`]
  return explain(connection, 'ends AS MATERIALIZED', [...ends, `'${LONG}'`, from, to, MAX_TOTALLED])
}

t.test(
  'the past costs the same however long ago it is, and of a long period nothing is added up',
  { skip: leftOutOnCitus('its plans are of another kind') },
  async (t) => {
    const database = await createTestDatabase(t)
    const empty = await openTestConnection(t, database, prepareReads)
    await fillLongHistory(database, LENGTH)
    const filled = await openTestConnection(t, database, prepareReads)
    await checkCosts(t, 'empty', empty)
    await checkCosts(t, 'filled', filled)
    await administer(database, 'ANALYZE user_wallet_transaction')
    await checkCosts(t, 'analyzed', filled)
  },
)

async function checkCosts(t: Test, when: string, connection: Connection): Promise<void> {
  for (const id of [1, FEW, 50_000, LENGTH - FEW, LENGTH + 1]) {
    const moment = await explainMoment(connection, at(id))
    t.ok(buffersOf(moment) <= MAX_BUFFERS, `planned when ${when}, at ${id}: ${buffersOf(moment)} buffers`)
    const few = await explainStatement(connection, at(id - FEW), at(id))
    t.ok(buffersOf(few) <= MAX_TOTALLED_BUFFERS, `planned when ${when}, up to ${id}: ${buffersOf(few)} buffers`)
    t.ok(mostRows(few) <= FEW, `planned when ${when}, up to ${id}: ${mostRows(few)} rows`)
  }
  const tooMany = await explainStatement(connection, at(1), at(LENGTH + 1))
  t.ok(buffersOf(tooMany) <= MAX_BUFFERS, `planned when ${when}, of all: ${buffersOf(tooMany)} buffers`)
  const most = await explainStatement(connection, after(at(1), 1n), at(LENGTH + 1))
  t.equal(mostRows(most), MAX_TOTALLED, `planned when ${when}, of as many as are added up`)
}
