import t, { type Test } from 'tap'
import type { Connection } from '../../src/adapters/postgres/connection.ts'
import { prepareReads } from '../../src/adapters/postgres/prepare.ts'
import { DEFAULT_PAGE, type HistoryQuery, MAX_LOOKED_AT } from '../../src/domain/history.ts'
import { openTestConnection } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'
import { at, buffersOf, explain, fillLongHistory, LONG, mostRows, type PlanNode } from '../support/database/explain.ts'

const LENGTH = 100_000

type Bounds = Omit<HistoryQuery, 'userID' | 'limit'>

const BOUNDS: Readonly<Record<string, Bounds>> = {
  'without bounds': {},
  'of ids, near the end': { idBefore: 500n },
  'of ids, beyond the last': { idBefore: 10n ** 15n },
  'of ids, before the first': { idBefore: 0n },
  'before a time, near the end': { createdBefore: at(500) },
  'after a time, near the end': { createdAfter: at(500) },
  'between two times': { createdAfter: at(400), createdBefore: at(600) },
  'after a time that none follows': { createdAfter: at(LENGTH) },
  'between times that exclude each other': { createdAfter: at(LENGTH - 5), createdBefore: at(5) },
  'before a time near the end, of ids near the top': { createdBefore: at(500), idBefore: BigInt(LENGTH - 5) },
  'before a time near the top, of ids near the end': { createdBefore: at(LENGTH - 5), idBefore: 500n },
  'after a time near the top, of ids near the end': { createdAfter: at(LENGTH - 5), idBefore: 500n },
}
/** Whatever the page: down two indexes, and along one of them with its rows. */
const MAX_ROWS = DEFAULT_PAGE + 3
const MAX_BUFFERS = 40

/** Runs the statement that the connection has prepared for a page, with the plan that it keeps for it. */
async function explainPage(
  connection: Connection,
  { idBefore, createdBefore, createdAfter, types = [1, 2, 3, 4] }: Bounds,
): Promise<PlanNode> {
  const bounds = [createdAfter, createdBefore].map((instant) => instant ?? 'NULL')
  const values = [
    `'${LONG}'`,
    ...bounds,
    `'${LONG}'`,
    idBefore ?? 'NULL',
    MAX_LOOKED_AT + 1,
    `'{${types}}'`,
    MAX_LOOKED_AT,
    DEFAULT_PAGE + 1,
    `'${LONG}'`,
  ]
  return explain(connection, 'page AS MATERIALIZED', values)
}

t.test(
  'a page costs the same however deep it lies and whatever its bounds, as planned for an empty table or a full one',
  { skip: leftOutOnCitus('its plans are of another kind') },
  async (t) => {
    const database = await createTestDatabase(t)
    const empty = await openTestConnection(t, database, prepareReads)
    await fillLongHistory(database, LENGTH)
    const filled = await openTestConnection(t, database, prepareReads)
    for (const [when, connection] of [
      ['empty', empty],
      ['filled', filled],
    ] as const)
      await checkCosts(t, when, connection)
    await administer(database, 'ANALYZE user_wallet_transaction')
    await checkCosts(t, 'analyzed', filled)
  },
)

async function checkCosts(t: Test, when: string, connection: Connection): Promise<void> {
  for (const [name, bounds] of Object.entries(BOUNDS)) {
    const plan = await explainPage(connection, bounds)
    const buffers = buffersOf(plan)
    t.ok(buffers <= MAX_BUFFERS, `planned when ${when}, ${name}: ${buffers} buffers`)
    t.ok(mostRows(plan) <= MAX_ROWS, `planned when ${when}, ${name}: ${mostRows(plan)} rows`)
  }
  const rows = mostRows(await explainPage(connection, { types: [2] }))
  t.ok(rows <= MAX_LOOKED_AT + 2, `planned when ${when}, of a rare type: ${rows} rows`)
}
