import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { FEED_START } from '../../src/domain/feed.ts'
import type { Transaction } from '../../src/domain/transaction.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import { StoreError, type WalletStore } from '../../src/ports/wallet-store.ts'
import { command, deposit, transact, transfer } from '../contract/store-calls.ts'
import { openTestStore } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'
import { createFeedReader, nameOf, type StoredFeedReader } from '../support/database/feed-reader.ts'
import { beginWrite, type OpenWrite } from '../support/database/slow-writer.ts'
import { eventually } from '../support/eventually.ts'

/*
 * Everyone writes at once: several instances with the same few wallets, and transactions of the release before that stay open
 * while others come and go. Meanwhile readers page along, from the beginning and from cursors that others were given. Connections
 * of the instances are cut off, those that write and those that read. In the end each must have read, once, what is in the tables, and nothing else.
 */

const STORES = 3
const ROUNDS = 60
const USERS = Array.from({ length: 6 }, (_, number) => toUserID(`user ${number}`))
const MAX_OPEN = 4
const WAIT_LIMIT_MS = 20_000

const pick = <Item>(items: readonly Item[]): Item => {
  const item = items[Math.floor(Math.random() * items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}
const upTo = (most: number) => 1 + Math.floor(Math.random() * most)

/** For what may have met a connection that was cut off. */
async function orCutOff(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof StoreError)) throw error
  })
}

/** A few transfers between any wallets; of a connection that was cut off the batch may or may not have been committed. */
async function writeBatch(store: WalletStore): Promise<void> {
  const commands = Array.from({ length: upTo(4) }, () => {
    const [from, to] = [pick(USERS), pick(USERS)]
    return command(from, from === to ? deposit(1n) : transfer(to, 1n))
  })
  await orCutOff(transact(store, ...commands))
}

/** A connection of some store that writes or reads the feed, or of no one any more. */
function cutOffSomeone(database: ServerAddress): Promise<unknown> {
  return administer(
    database,
    `SELECT pg_terminate_backend(pid) FROM (
       SELECT pid FROM pg_stat_activity
       WHERE datname = '${database.database}' AND pid <> pg_backend_pid()
         AND (query LIKE '%UPDATE user_wallet w%' OR query LIKE '%(feed_number,%')
       ORDER BY random() LIMIT 1
     ) AS someone`,
  )
}

async function endSomehow(write: OpenWrite): Promise<void> {
  await pick([write.commit, write.commit, write.rollback, write.kill])()
}

/** Writes until all rounds are over. */
async function writeAll(database: ServerAddress, stores: readonly WalletStore[]): Promise<void> {
  const open: OpenWrite[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    if (open.length < MAX_OPEN) open.push(await beginWrite(database, `slow ${round}`))
    await Promise.all(stores.flatMap((store) => [writeBatch(store), writeBatch(store)]))
    if (round % 10 === 5) await Promise.all([...stores.map(writeBatch), cutOffSomeone(database)])
    const [oldest] = Math.random() < 0.4 ? open.splice(Math.floor(Math.random() * open.length), 1) : []
    if (oldest !== undefined) await endSomehow(oldest)
  }
  for (const write of open) await endSomehow(write)
}

/** Reads on while others write, and lets more readers begin where some reader was. */
async function readAlong(stores: readonly WalletStore[], writing: { over: boolean }): Promise<StoredFeedReader[]> {
  const readers = stores.map((store) => createFeedReader(store))
  while (!writing.over) {
    await Promise.all(readers.map((reader) => orCutOff(reader.step(upTo(9)))))
    if (readers.length < 12) readers.push(createFeedReader(pick(stores), pick(pick(readers).cursors)))
  }
  return readers
}

/** On a server that others use, one of theirs may hold the last ones back for a moment. */
async function allIsVisible(database: ServerAddress, store: WalletStore): Promise<void> {
  await eventually('nothing is held back', WAIT_LIMIT_MS, async () => {
    const [row] = await administer(
      database,
      'SELECT coalesce(max(feed_number), 0)::text AS number FROM user_wallet_transaction',
    )
    return String((await store.feedEnd()).number) === row?.number ? true : undefined
  })
}

function checkReader(t: Test, reader: StoredFeedReader, whole: readonly Transaction[]): void {
  const from = reader.from === FEED_START ? 0 : whole.findIndex((each) => nameOf(each) === nameOf(reader.from)) + 1
  t.strictSame(reader.read.map(nameOf), whole.slice(from).map(nameOf), `from ${from}: everything, once, in one order`)
}

t.test(
  'whoever commits when, every reader has every transaction exactly once, and each wallet in its order',
  { skip: leftOutOnCitus('there is no feed') },
  async (t) => {
    const database = await createTestDatabase(t)
    const stores = await Promise.all(Array.from({ length: STORES }, () => openTestStore(t, database)))
    await stores[0]?.open(USERS)
    for (const store of stores) await transact(store, ...USERS.map((user) => command(user, deposit(10_000n))))
    const writing = { over: false }
    const [readers] = await Promise.all([
      readAlong(stores, writing),
      writeAll(database, stores).finally(() => {
        writing.over = true
      }),
    ])
    const [first] = stores
    if (first === undefined) throw new Error('there is no store')
    await allIsVisible(database, first)
    const late = createFeedReader(first)
    for (const reader of [...readers, late]) await reader.toEnd()

    const rows = await administer(database, 'SELECT user_id, id::int FROM user_wallet_transaction')
    const names = rows.map((row) => `${row.user_id} ${row.id}`)
    t.strictSame(late.read.map(nameOf).sort(), names.sort(), 'the tables hold nothing else')
    for (const reader of readers) checkReader(t, reader, late.read)
    for (const user of USERS) {
      const ids = late.read.filter(({ userID }) => userID === user).map(({ id }) => Number(id))
      t.strictSame(
        ids,
        ids.map((_, index) => index + 1),
        `${user}: in the order of ids`,
      )
    }
    t.comment(`${late.read.length} transactions, ${readers.length} readers`)
  },
)

t.test(
  'what a transaction that is still open has written holds the feed back, and comes before what is later',
  { skip: leftOutOnCitus('there is no feed') },
  async (t) => {
    const database = await createTestDatabase(t)
    const store = await openTestStore(t, database)
    await store.open(USERS)
    const deposited = async () => void (await transact(store, command(pick(USERS), deposit(1n))))
    for (const how of ['commit', 'rollback', 'kill'] as const) {
      await allIsVisible(database, store)
      const reader = createFeedReader(store, await store.feedEnd())
      const write = await beginWrite(database, how)
      await deposited()
      await deposited()
      t.equal(await reader.step(10), 0, 'nothing is given yet')
      await write[how]()
      await allIsVisible(database, store)
      await reader.toEnd()
      t.equal(reader.read.length, how === 'commit' ? 3 : 2, how)
      if (how === 'commit') t.equal(reader.read[0]?.userID, how)
    }
  },
)
