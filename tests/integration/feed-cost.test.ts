import t from 'tap'
import type { Connection } from '../../src/adapters/postgres/connection.ts'
import { prepareInspection, prepareReads } from '../../src/adapters/postgres/prepare.ts'
import { openTestConnection } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'
import { buffersOf, explain } from '../support/database/explain.ts'

const LENGTH = 100_000
const PAGE = 100
/** Down the index and along it, and down the index of notes for each row. */
const MAX_BUFFERS = 4 * PAGE

async function prepareAll(connection: Connection): Promise<void> {
  await prepareReads(connection)
  await prepareInspection(connection)
}

/** Behind this place. */
async function pageBuffers(connection: Connection, number: number): Promise<number> {
  const values = [number, `'user'`, number, PAGE, `''`, `''`, `''`, PAGE + 1]
  return buffersOf(await explain(connection, 'seen AS MATERIALIZED', values))
}

t.test(
  'a page of the feed costs the same however deep it lies, and so do the newest, as planned for an empty table or a full one',
  { skip: leftOutOnCitus('there is no feed') },
  async (t) => {
    const database = await createTestDatabase(t)
    const open = () => openTestConnection(t, database, prepareAll)
    const empty = await open()
    await administer(
      database,
      `INSERT INTO user_wallet VALUES ('user', 1, ${LENGTH}, now(), now());
       INSERT INTO user_wallet_transaction
       SELECT 'user', id, gen_random_uuid(), 1, 1, NULL, 1, now() + id * interval '1 ms', CASE WHEN id > ${LENGTH / 2} THEN 3 ELSE 0 END
       FROM generate_series(1, ${LENGTH}) AS id;
       INSERT INTO user_wallet_note
       SELECT user_id, transaction_id, id, 'a reference' FROM user_wallet_transaction WHERE id % 2 = 0`,
    )
    const filled = await open()
    await administer(database, 'ANALYZE user_wallet_transaction')
    const analysed = await open()
    for (const [when, connection] of Object.entries({ empty, filled, analysed })) {
      for (const number of [0, 3]) {
        const buffers = await pageBuffers(connection, number)
        t.ok(buffers <= MAX_BUFFERS, `planned when ${when}, behind ${number}: ${buffers} buffers`)
      }
      const newest = buffersOf(await explain(connection, 'AS newest%feed_number DESC', [PAGE]))
      t.ok(newest <= MAX_BUFFERS, `planned when ${when}, the newest: ${newest} buffers`)
    }
  },
)
