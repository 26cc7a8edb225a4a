import t, { type Test } from 'tap'
import { type BatchProgress, runBatch } from '../../src/adapters/postgres/batch.ts'
import { type Lane, LaneError, type Sql } from '../../src/adapters/postgres/lane.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import { type StoreForm, storeForm } from '../../src/adapters/postgres/store-form.ts'
import { walletsOf } from '../../src/domain/command.ts'
import { decideBatch } from '../../src/domain/decide.ts'
import { toInstant } from '../../src/domain/instant.ts'
import { toAmount, toBalance } from '../../src/domain/money.ts'
import { TransactionType } from '../../src/domain/transaction.ts'
import type { ServerAddress } from '../../src/ports/server-address.ts'
import { ANN, BOB, command, deposit, transfer, withdraw } from '../contract/store-calls.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database.ts'
import { failureOf, openTestLane, openTestStore } from '../support/lanes.ts'

/** What the writes of a batch would leave behind; all of it must be there or none. */
async function written(database: ServerAddress): Promise<unknown> {
  const [row] = await administer(
    database,
    `SELECT (SELECT count(*)::int FROM user_wallet_transaction) AS transactions,
            (SELECT count(*)::int FROM user_wallet_refusal) AS refusals,
            (SELECT sum(balance)::int FROM user_wallet) AS money`,
  )
  return row
}

const NOTHING = { transactions: 0, refusals: 0, money: 0 }

async function laneWithWallets(t: Test): Promise<{ database: ServerAddress; lane: Lane }> {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  await store.open([ANN, BOB])
  return { database, lane: await openTestLane(t, database) }
}

const ONE = command(ANN, deposit(5n))
const THEN = toInstant(1_800_000_000_000_000n)
const TRANSACTION = {
  ...{ id: 1n, transactionID: ONE.transactionID, userID: ANN, type: TransactionType.Deposit, amount: toAmount(5n) },
  ...{ balance: toBalance(5n), passiveUserID: null, createdAt: THEN },
}
const WALLET = { userID: ANN, balance: toBalance(5n), version: 1n, createdAt: THEN, updatedAt: THEN }
const REFUSAL = {
  ...{ transactionID: ONE.transactionID, userID: ANN, movement: withdraw(9n), code: 'INSUFFICIENT_BALANCE' as const },
  ...{ requestID: ONE.requestID, createdAt: THEN },
}

type Write = (sql: Sql, fence: string, form: StoreForm) => ReturnType<typeof statements.updateWallets>

const WRITES: readonly (readonly [string, Write])[] = [
  ['INSERT of transactions', (sql, fence) => statements.insertTransactions(sql, fence, [TRANSACTION])],
  ['UPDATE of wallets', (sql, fence, form) => form.updateWallets(sql, fence, [WALLET])],
  ['INSERT of refusals', (sql, fence) => statements.insertRefusals(sql, fence, [REFUSAL])],
]

async function fenceOf(lane: Lane): Promise<string> {
  const [, known] = await lane.roundTrip((sql) => [statements.begin(sql), statements.readKnown(sql, [])])
  return known[0]?.fence ?? ''
}

for (const [name, write] of WRITES) {
  t.test(
    `9. a fence on the writes: ${name} writes in the transaction that holds the locks, and in no other`,
    async (t) => {
      const { database, lane } = await laneWithWallets(t)
      const form = storeForm(lane)
      const fence = await fenceOf(lane)
      await lane.roundTrip((sql) => [statements.rollback(sql)])
      const [outside] = await lane.roundTrip((sql) => [write(sql, fence, form)])
      t.equal(outside.count, 0, 'outside any transaction')

      const other = await fenceOf(lane)
      t.not(other, fence)
      const [foreign] = await lane.roundTrip((sql) => [write(sql, fence, form)])
      t.equal(foreign.count, 0, 'in another transaction')
      const [inside] = await lane.roundTrip((sql) => [write(sql, other, form)])
      t.equal(inside.count, 1)
      await lane.roundTrip((sql) => [statements.rollback(sql)])
      t.same(await written(database), NOTHING)
    },
  )
}

/** Runs a batch, with `between` done on its connection after each of its round trips. */
async function runTampered(
  lane: Lane,
  commands: readonly (typeof ONE)[],
  { change = (sql) => sql, between = async () => {} }: { change?: (sql: Sql) => Sql; between?: () => Promise<unknown> },
): Promise<unknown> {
  const tampered: Lane = {
    ...lane,
    async roundTrip(send) {
      const results = await lane.roundTrip((sql) => send(change(sql)))
      await between()
      return results
    },
  }
  const progress: BatchProgress = { committing: false }
  const reads = { wallets: new Set(commands.flatMap(walletsOf)), transactionIDs: commands }
  return runBatch(tampered, reads, (state, now) => decideBatch(commands, state, now), progress)
}

const BATCHES = [
  ['a transfer', [command(ANN, deposit(5n)), command(ANN, transfer(BOB, 2n))]],
  ['a refusal', [command(ANN, withdraw(9n))]],
] as const

for (const [name, commands] of BATCHES) {
  t.test(`9. ${name} whose transaction has ended between the lock and the write writes nothing`, async (t) => {
    const { database, lane } = await laneWithWallets(t)
    const end = () => lane.roundTrip((sql) => [statements.rollback(sql)])
    await t.rejects(runTampered(lane, commands, { between: end }), LaneError)
    t.same(await written(database), NOTHING)
  })

  t.test(`9. ${name} whose transaction is another one by the time of the write writes nothing`, async (t) => {
    const { database, lane } = await laneWithWallets(t)
    const replace = () => lane.roundTrip((sql) => [statements.rollback(sql), statements.begin(sql)])
    await t.rejects(runTampered(lane, commands, { between: replace }), LaneError)
    lane.discard()
    t.same(await written(database), NOTHING)
  })

  t.test(
    `9. ${name} whose statements the server has forgotten, and which the package then repeats after COMMIT, writes nothing`,
    async (t) => {
      const { database, lane } = await laneWithWallets(t)
      const forget = () => lane.roundTrip((sql) => [sql`DEALLOCATE ALL`])
      const { error } = await failureOf(runTampered(lane, commands, { between: forget }))
      t.not((error as Error).message, 'it did not fail')
      lane.discard()
      t.same(await written(database), NOTHING)
    },
  )
}

/** `BEGIN` and `COMMIT` as the batch sends them, with something else in the place of one. */
function instead(of: 'BEGIN' | 'COMMIT', other: string): (sql: Sql) => Sql {
  return (sql) =>
    new Proxy(sql, {
      apply: (target, _self, given) =>
        of === 'BEGIN' && given[0][0] === of ? target.unsafe(other) : Reflect.apply(target, undefined, given),
      get: (target, name) =>
        of === 'COMMIT' && name === 'unsafe' ? () => target.unsafe(other) : Reflect.get(target, name),
    })
}

t.test('10. acknowledged only if the tags say BEGIN and COMMIT', async (t) => {
  const { database, lane } = await laneWithWallets(t)
  const [[, commands]] = BATCHES
  await t.rejects(
    runTampered(lane, commands, { change: instead('COMMIT', 'ROLLBACK') }),
    new LaneError('the batch was not committed whole'),
  )
  t.same(await written(database), NOTHING)
  await t.rejects(
    runTampered(lane, commands, { change: instead('BEGIN', 'SELECT') }),
    new LaneError('no transaction was begun'),
  )
  t.same(await written(database), NOTHING)
  t.match(await runTampered(lane, commands, {}), [{ kind: 'executed' }, { kind: 'executed' }], 'the same, left alone')
})

t.test('10. COMMIT of a transaction that failed resolves, with the tag ROLLBACK', async (t) => {
  const { lane } = await laneWithWallets(t)
  await lane.roundTrip((sql) => [statements.begin(sql)])
  await t.rejects(
    lane.roundTrip((sql) => [sql`SELECT 1 / 0`]),
    { code: '22012' },
  )
  const [committed] = await lane.roundTrip((sql) => [statements.commit(sql)])
  t.equal(committed.command, 'ROLLBACK')
})

const NO_LOSS = { skip: leftOutOnCitus('it puts no trigger that loses rows on a distributed table') }
t.test('10. acknowledged only if both row counts match', NO_LOSS, async (t) => {
  for (const table of ['user_wallet', 'user_wallet_transaction', 'user_wallet_refusal']) {
    const { database, lane } = await laneWithWallets(t)
    // A write that is lost without an error, as a broken trigger would lose it.
    await administer(
      database,
      `CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE TRIGGER lose BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION lose()`,
    )
    const commands = [command(ANN, deposit(5n)), command(ANN, withdraw(9n))]
    await t.rejects(runTampered(lane, commands, {}), LaneError, table)
  }
})
