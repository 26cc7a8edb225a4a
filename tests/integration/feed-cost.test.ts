import t from 'tap'
import type { Connection } from '../../src/adapters/postgres/connection.ts'
import { prepareReads } from '../../src/adapters/postgres/prepare.ts'
import { openTestConnection } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'

const LENGTH = 100_000
const PAGE = 100
/** Down the index and along it, and down the index of notes for each row. */
const MAX_BUFFERS = 4 * PAGE

interface Plan {
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
}

/** Runs what the connection has prepared for a page behind this place, with the plan that it keeps for it. */
async function buffersOf(connection: Connection, number: number): Promise<number> {
  const [[prepared]] = await connection.roundTrip((sql) => [
    sql.unsafe<{ name: string }[]>(
      `SELECT name FROM pg_prepared_statements WHERE statement LIKE '%seen AS MATERIALIZED%'`,
    ),
  ])
  const values = [number, `'user'`, number, PAGE, `''`, `''`, `''`, PAGE + 1]
  const [[row]] = await connection.roundTrip((sql) => [
    sql.unsafe<{ 'QUERY PLAN': [{ Plan: Plan }] }[]>(
      `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE "${prepared?.name}" (${values})`,
    ),
  ])
  if (row === undefined) throw new Error('no plan')
  const { 'Shared Hit Blocks': hit, 'Shared Read Blocks': read } = row['QUERY PLAN'][0].Plan
  return hit + read
}

t.test(
  'a page of the feed costs the same however deep it lies, as planned for an empty table or a full one',
  { skip: leftOutOnCitus('there is no feed') },
  async (t) => {
    const database = await createTestDatabase(t)
    const empty = await openTestConnection(t, database, prepareReads)
    await administer(
      database,
      `INSERT INTO user_wallet VALUES ('user', 1, ${LENGTH}, now(), now());
       INSERT INTO user_wallet_transaction
       SELECT 'user', id, gen_random_uuid(), 1, 1, NULL, 1, now() + id * interval '1 ms', CASE WHEN id > ${LENGTH / 2} THEN 3 ELSE 0 END
       FROM generate_series(1, ${LENGTH}) AS id;
       INSERT INTO user_wallet_note
       SELECT user_id, transaction_id, id, 'a reference' FROM user_wallet_transaction WHERE id % 2 = 0`,
    )
    const filled = await openTestConnection(t, database, prepareReads)
    await administer(database, 'ANALYZE user_wallet_transaction')
    const analysed = await openTestConnection(t, database, prepareReads)
    for (const [when, connection] of Object.entries({ empty, filled, analysed }))
      for (const number of [0, 3]) {
        const buffers = await buffersOf(connection, number)
        t.ok(buffers <= MAX_BUFFERS, `planned when ${when}, behind ${number}: ${buffers} buffers`)
      }
  },
)
