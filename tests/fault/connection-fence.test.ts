import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { type BatchProgress, runBatch } from '../../src/adapters/postgres/batch.ts'
import { type Connection, ConnectionError } from '../../src/adapters/postgres/connection.ts'
import { type Dialect, dialectOf } from '../../src/adapters/postgres/dialect.ts'
import type { Sql } from '../../src/adapters/postgres/sql.ts'
import * as statements from '../../src/adapters/postgres/statements.ts'
import { decideBatch } from '../../src/domain/decide.ts'
import { toInstant } from '../../src/domain/instant.ts'
import { toAmount, toBalance } from '../../src/domain/money.ts'
import { TransactionType } from '../../src/domain/transaction.ts'
import { ANN, BOB, command, deposit, transfer, withdraw } from '../contract/store-calls.ts'
import { failureOf, openTestConnection, openTestStore } from '../support/database/connections.ts'
import { administer, createTestDatabase, leftOutOnCitus } from '../support/database/database.ts'

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

async function connectionWithWallets(t: Test): Promise<{ database: ServerAddress; connection: Connection }> {
  const database = await createTestDatabase(t)
  const store = await openTestStore(t, database)
  await store.open([ANN, BOB])
  return { database, connection: await openTestConnection(t, database) }
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

type Write = (sql: Sql, xid: string, dialect: Dialect) => ReturnType<typeof statements.updateWallets>

const WRITES: readonly (readonly [string, Write])[] = [
  [
    'INSERT of transactions',
    (sql, xid) => statements.insertTransactions(sql, { xid, feed_number: '1' }, [TRANSACTION]),
  ],
  ['UPDATE of wallets', (sql, xid, dialect) => dialect.updateWallets(sql, xid, [WALLET])],
  ['INSERT of refusals', (sql, xid) => statements.insertRefusals(sql, xid, [REFUSAL])],
]

async function xidOf(connection: Connection): Promise<string> {
  const [, known] = await connection.roundTrip((sql) => [statements.begin(sql), statements.readKnown(sql, [])])
  return known[0]?.xid ?? ''
}

for (const [name, write] of WRITES) {
  t.test(
    `9. a fence on the writes: ${name} writes in the transaction that holds the locks, and in no other`,
    async (t) => {
      const { database, connection } = await connectionWithWallets(t)
      const dialect = dialectOf(connection)
      const xid = await xidOf(connection)
      await connection.roundTrip((sql) => [statements.rollback(sql)])
      const [outside] = await connection.roundTrip((sql) => [write(sql, xid, dialect)])
      t.equal(outside.count, 0, 'outside any transaction')

      const other = await xidOf(connection)
      t.not(other, xid)
      const [foreign] = await connection.roundTrip((sql) => [write(sql, xid, dialect)])
      t.equal(foreign.count, 0, 'in another transaction')
      const [inside] = await connection.roundTrip((sql) => [write(sql, other, dialect)])
      t.equal(inside.count, 1)
      await connection.roundTrip((sql) => [statements.rollback(sql)])
      t.same(await written(database), NOTHING)
    },
  )
}

/** Runs a batch, with `between` done on its connection after each of its round trips. */
async function runTampered(
  connection: Connection,
  commands: readonly (typeof ONE)[],
  { change = (sql) => sql, between = async () => {} }: { change?: (sql: Sql) => Sql; between?: () => Promise<unknown> },
): Promise<unknown> {
  const tampered: Connection = {
    ...connection,
    async roundTrip(send) {
      const results = await connection.roundTrip((sql) => send(change(sql)))
      await between()
      return results
    },
  }
  const progress: BatchProgress = { committing: false }
  return runBatch(tampered, commands, decideBatch, progress, (_step, work) => work())
}

const BATCHES = [
  ['a transfer', [command(ANN, deposit(5n)), command(ANN, transfer(BOB, 2n))]],
  ['a refusal', [command(ANN, withdraw(9n))]],
] as const

for (const [name, commands] of BATCHES) {
  t.test(`9. ${name} whose transaction has ended between the lock and the write writes nothing`, async (t) => {
    const { database, connection } = await connectionWithWallets(t)
    const end = () => connection.roundTrip((sql) => [statements.rollback(sql)])
    await t.rejects(runTampered(connection, commands, { between: end }), ConnectionError)
    t.same(await written(database), NOTHING)
  })

  t.test(`9. ${name} whose transaction is another one by the time of the write writes nothing`, async (t) => {
    const { database, connection } = await connectionWithWallets(t)
    const replace = () => connection.roundTrip((sql) => [statements.rollback(sql), statements.begin(sql)])
    await t.rejects(runTampered(connection, commands, { between: replace }), ConnectionError)
    connection.discard()
    t.same(await written(database), NOTHING)
  })

  t.test(
    `9. ${name} whose statements the server has forgotten, and which the package then repeats after COMMIT, writes nothing`,
    async (t) => {
      const { database, connection } = await connectionWithWallets(t)
      const forget = () => connection.roundTrip((sql) => [sql`DEALLOCATE ALL`])
      const { error } = await failureOf(runTampered(connection, commands, { between: forget }))
      t.not((error as Error).message, 'it did not fail')
      connection.discard()
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
  const { database, connection } = await connectionWithWallets(t)
  const [[, commands]] = BATCHES
  await t.rejects(
    runTampered(connection, commands, { change: instead('COMMIT', 'ROLLBACK') }),
    new ConnectionError('the batch was not committed whole'),
  )
  t.same(await written(database), NOTHING)
  await t.rejects(
    runTampered(connection, commands, { change: instead('BEGIN', 'SELECT') }),
    new ConnectionError('no transaction was begun'),
  )
  t.same(await written(database), NOTHING)
  t.match(
    await runTampered(connection, commands, {}),
    [{ kind: 'executed' }, { kind: 'executed' }],
    'the same, left alone',
  )
})

t.test('10. COMMIT of a transaction that failed resolves, with the tag ROLLBACK', async (t) => {
  const { connection } = await connectionWithWallets(t)
  await connection.roundTrip((sql) => [statements.begin(sql)])
  await t.rejects(
    connection.roundTrip((sql) => [sql`SELECT 1 / 0`]),
    { code: '22012' },
  )
  const [committed] = await connection.roundTrip((sql) => [statements.commit(sql)])
  t.equal(committed.command, 'ROLLBACK')
})

const NO_LOSS = { skip: leftOutOnCitus('it puts no trigger that loses rows on a distributed table') }
t.test('10. acknowledged only if both row counts match', NO_LOSS, async (t) => {
  for (const table of ['user_wallet', 'user_wallet_transaction', 'user_wallet_refusal']) {
    const { database, connection } = await connectionWithWallets(t)
    // A write that is lost without an error, as a broken trigger would lose it.
    await administer(
      database,
      `CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE TRIGGER lose BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION lose()`,
    )
    const commands = [command(ANN, deposit(5n)), command(ANN, withdraw(9n))]
    await t.rejects(runTampered(connection, commands, {}), ConnectionError, table)
  }
})
