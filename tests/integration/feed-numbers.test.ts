import t, { type Test } from 'tap'
import { migrate } from '../../db/migrate.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { command, deposit, executed } from '../contract/store-calls.ts'
import { openTestStore } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'
import { createFeedReader, nameOf, type StoredFeedReader } from '../support/database/feed-reader.ts'
import { beginWrite } from '../support/database/slow-writer.ts'
import { eventually } from '../support/eventually.ts'

const leftOut = { skip: leftOutOnCitus('there is no feed') }
const WAIT_LIMIT_MS = 20_000
const ANN = toUserID('ann')
const ZOE = toUserID('zoe')

async function deposited(store: WalletStore, user: typeof ANN): Promise<void> {
  await store.open([user])
  await executed(store, command(user, deposit(1n)))
}

/** Until so many have come, or more, which is what the test then says. */
async function readTo(reader: StoredFeedReader, count: number): Promise<readonly string[]> {
  await eventually(`${count} transactions`, WAIT_LIMIT_MS, async () => {
    await reader.toEnd()
    return reader.read.length >= count ? true : undefined
  })
  return reader.read.map(nameOf)
}

t.test(
  'what the release before has written comes first, by user and id, and what it writes now in its turn',
  leftOut,
  async (t) => {
    const database = await createTestDatabase(t)
    const undone: string[] = []
    while (!undone.includes('0006_feed')) undone.unshift(...(await migrate(database, 'down')))
    for (const user of ['zoe', 'bob', 'ann']) await (await beginWrite(database, user)).commit()
    t.strictSame(await migrate(database, 'up'), undone)
    const store = await openTestStore(t, database)
    const reader = createFeedReader(store)
    await reader.step(2)
    t.strictSame(reader.read.map(nameOf), ['ann 1', 'bob 1'])
    await deposited(store, toUserID('a new one'))
    await (await beginWrite(database, 'an instance of the release before')).commit()
    await deposited(store, toUserID('another new one'))
    t.strictSame(await readTo(reader, 6), [
      ...['ann 1', 'bob 1', 'zoe 1'],
      ...['a new one 1', 'an instance of the release before 1', 'another new one 1'],
    ])
  },
)

/** As the rows of a ledger look in a cluster that has not come as far as the one that they were dumped in. */
async function loadedElsewhere(t: Test) {
  const database = await createTestDatabase(t)
  await administer(
    database,
    `INSERT INTO user_wallet VALUES ('ann', 3, 3, now(), now());
     INSERT INTO user_wallet_transaction
     SELECT 'ann', id, gen_random_uuid(), 1, 1, NULL, id, now() + id * interval '1 ms', 1000000000000 + id
     FROM generate_series(1, 3) AS id`,
  )
  const offsets = async () =>
    (await administer(database, 'SELECT added::text FROM feed_offset')).map(({ added }) => added)
  return { database, offsets }
}

t.test(
  'in a cluster whose transactions count from less, those to come are still behind those that are there',
  leftOut,
  async (t) => {
    const { database, offsets } = await loadedElsewhere(t)
    const stores = await Promise.all([1, 2, 3].map(() => openTestStore(t, database)))
    const [store] = stores
    if (store === undefined) throw new Error('there is no store')
    const reader = createFeedReader(store)
    await reader.step(2)
    await Promise.all(stores.map((each, number) => deposited(each, toUserID(`new ${number}`))))
    await deposited(store, ANN)
    await deposited(store, ZOE)
    const read = await readTo(reader, 8)
    t.strictSame(read.slice(0, 3), ['ann 1', 'ann 2', 'ann 3'])
    t.strictSame(read.slice(3, 6).sort(), ['new 0 1', 'new 1 1', 'new 2 1'])
    t.strictSame(read.slice(6), ['ann 4', 'zoe 1'])
    t.strictSame(await offsets(), ['1000000000003'], 'all who came at once have added the same, once')
  },
)

t.test('in the cluster that it is in nothing is ever added', leftOut, async (t) => {
  const database = await createTestDatabase(t)
  for (const user of [ANN, ZOE]) await deposited(await openTestStore(t, database), user)
  await openTestStore(t, database).then((store) => store.ping())
  t.strictSame(await administer(database, 'SELECT FROM feed_offset'), [])
})
