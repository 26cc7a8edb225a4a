import t from 'tap'
import { administer, createTestDatabase, testServer } from '../support/database/database.ts'

const TRIGGER_REFUSES = '23001'
/** It takes no TRUNCATE of a shard from anyone but itself. */
const CITUS_REFUSES = 'XX000'
const ID = '01930000-0000-8000-8000-000000000001'
const ROWS: Readonly<Record<string, string>> = {
  user_wallet_transaction: `INSERT INTO user_wallet_transaction VALUES ('ada', 1, '${ID}', 1, 5, NULL, 5, 'now')`,
  user_wallet_refusal: `INSERT INTO user_wallet_refusal VALUES ('ada', '${ID}', 2, 5, NULL, 'INSUFFICIENT_BALANCE', 'r', 'now')`,
  user_wallet_note: `INSERT INTO user_wallet_note VALUES ('ada', '${ID}', 1, 'rent', '{"a":"b"}')`,
  user_wallet_state_change: `INSERT INTO user_wallet_state_change VALUES ('ada', 1, 'frozen', 'why', NULL, 'now')`,
}
/** What one might want to change, and the primary key. */
const AMOUNT = { set: 'amount = 6', key: 'transaction_id, user_id' }
const CHANGES: Readonly<Record<string, typeof AMOUNT>> = {
  user_wallet_note: { set: `reference = 'gift'`, key: 'transaction_id, user_id' },
  user_wallet_state_change: { set: `reason = 'none'`, key: 'user_id, id' },
}

for (const [table, insert] of Object.entries(ROWS)) {
  const { set, key } = CHANGES[table] ?? AMOUNT
  t.test(`${table} takes no UPDATE, DELETE or TRUNCATE on any node, not even from a superuser`, async (t) => {
    const database = await createTestDatabase(t)
    await administer(database, insert)
    const before = await administer(database, `SELECT * FROM ${table}`)
    const nodes = [
      database,
      ...(testServer().workers ?? []).map((worker) => ({ ...worker, database: database.database })),
    ]
    for (const node of nodes)
      for (const [operation, statement] of [
        ['UPDATE', `UPDATE ${table} SET ${set}`],
        ['UPDATE', `UPDATE ${table} SET ${set} WHERE user_id = 'ada'`],
        ['DELETE', `DELETE FROM ${table}`],
        ['TRUNCATE', `TRUNCATE ${table}`],
        ['TRUNCATE', `TRUNCATE user_wallet, ${table} CASCADE`],
        ['UPDATE', `${insert} ON CONFLICT (${key}) DO UPDATE SET ${set}`],
      ] as const) {
        const message = new RegExp(`^${table}(_\\d+)? is append-only: ${operation} refused$`)
        await t.rejects(administer(node, statement), { code: '23001', message }, `${node.port}: ${statement}`)
      }
    t.same(await administer(database, `SELECT * FROM ${table}`), before)
  })

  t.test(`each shard of ${table} refuses by itself, no matter who connects to it`, async (t) => {
    const database = await createTestDatabase(t)
    await administer(database, insert)
    let refused = 0
    for (const worker of testServer().workers ?? []) {
      const node = { ...worker, database: database.database }
      const shards = await administer(
        node,
        `SELECT shard_name FROM citus_shards WHERE table_name = '${table}'::regclass AND nodeport = ${worker.port}`,
      )
      for (const { shard_name } of shards)
        for (const [statement, code] of [
          [`UPDATE ${shard_name} SET ${set}`, TRIGGER_REFUSES],
          [`DELETE FROM ${shard_name}`, TRIGGER_REFUSES],
          [`TRUNCATE ${shard_name}`, CITUS_REFUSES],
        ] as const) {
          await t.rejects(administer(node, statement), { code }, statement)
          refused += 1
        }
    }
    t.ok(refused >= 3 * 4, `${refused} statements were refused`)
  })
}

t.test('checks and keys hold on the shards', async (t) => {
  const database = await createTestDatabase(t)
  const wallet = (balance: number) => `INSERT INTO user_wallet VALUES ('ada', ${balance}, 1, 'now', 'now')`
  await t.rejects(administer(database, wallet(-1)), { code: '23514' }, 'a negative balance')
  await administer(database, wallet(5))
  await t.rejects(administer(database, wallet(5)), { code: '23505' }, 'a second wallet')
  for (const insert of Object.values(ROWS)) {
    await administer(database, insert)
    await t.rejects(administer(database, insert), { code: '23505' }, 'an ID twice')
  }
  const again = `INSERT INTO user_wallet_transaction VALUES ('ada', 2, '${ID}', 1, 5, NULL, 5, 'now')`
  await t.rejects(administer(database, again), { code: '23505' }, 'an ID twice with one user')
  const other = `INSERT INTO user_wallet_transaction VALUES ('bob', 1, '${ID}', 3, 5, 'ada', 5, 'now')`
  await administer(database, other)
})
