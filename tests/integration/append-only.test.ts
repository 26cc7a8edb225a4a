import t from 'tap'
import { administer, createTestDatabase } from '../support/database/database.ts'

const ID = '01930000-0000-8000-8000-000000000001'
const MAX = 9_007_199_254_740_991n

interface Row {
  readonly [column: string]: string | number | bigint | null
}

const WALLET: Row = { user_id: 'ada', balance: 5, version: 1, created_at: 'now', updated_at: 'now' }
const DEPOSIT: Row = {
  ...{ user_id: 'ada', id: 1, transaction_id: ID, type: 1, amount: 5, passive_user_id: null, balance: 5 },
  created_at: 'now',
}
const REFUSAL: Row = {
  ...{ user_id: 'ada', transaction_id: ID, type: 2, amount: 5, passive_user_id: null, code: 'INSUFFICIENT_BALANCE' },
  ...{ request_id: 'r', created_at: 'now' },
}
const NOTE: Row = { user_id: 'ada', transaction_id: ID, id: 1, reference: 'rent', metadata: '{"a":"b"}' }
const CHANGE: Row = {
  ...{ user_id: 'ada', id: 1, state: 'frozen', reason: 'asked for by the bank', changed_by: null, changed_at: 'now' },
}
const KEY: Row = { key: `\\x${'00'.repeat(32)}` }

interface AppendOnly {
  readonly table: string
  readonly row: Row
  /** Its primary key. */
  readonly key: string
  /** What one might want to change. */
  readonly set: string
}

const HISTORY: readonly AppendOnly[] = [
  { table: 'user_wallet_transaction', row: DEPOSIT, key: 'user_id, id', set: 'amount = 6' },
  { table: 'user_wallet_refusal', row: REFUSAL, key: 'transaction_id, user_id', set: 'amount = 6' },
  { table: 'user_wallet_note', row: NOTE, key: 'transaction_id, user_id', set: `reference = 'gift'` },
  { table: 'user_wallet_state_change', row: CHANGE, key: 'user_id, id', set: `reason = 'no one knows'` },
  { table: 'transaction_id_key', row: KEY, key: 'number', set: 'created_at = now()' },
]

function insert(table: string, row: Row): string {
  const values = Object.values(row).map((value) => (value === null ? 'NULL' : `'${value}'`))
  return `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${values.join(', ')})`
}

for (const { table, row, key, set } of HISTORY) {
  t.test(`${table} takes no UPDATE, DELETE or TRUNCATE, not even from a superuser`, async (t) => {
    const database = await createTestDatabase(t)
    await administer(database, insert(table, row))
    const [user] = await administer(database, `SELECT usesuper FROM pg_user WHERE usename = current_user`)
    t.same(user, { usesuper: true })
    const before = await administer(database, `SELECT * FROM ${table}`)

    for (const [operation, statement] of [
      ['UPDATE', `UPDATE ${table} SET ${set}`],
      ['UPDATE', `UPDATE ${table} SET ${set} WHERE false`],
      ['DELETE', `DELETE FROM ${table}`],
      ['TRUNCATE', `TRUNCATE ${table}`],
      ['TRUNCATE', `TRUNCATE user_wallet, ${table} CASCADE`],
      ['UPDATE', `${insert(table, row)} ON CONFLICT (${key}) DO UPDATE SET ${set}`],
      ['UPDATE', `MERGE INTO ${table} h USING (SELECT 1) x ON true WHEN MATCHED THEN UPDATE SET ${set}`],
    ] as const) {
      const refused = { code: '23001', message: `${table} is append-only: ${operation} refused` }
      await t.rejects(administer(database, statement), refused, statement)
    }
    t.same(await administer(database, `SELECT * FROM ${table}`), before)
  })
}

const CHECK = '23514'
const UNIQUE = '23505'
const NOT_NULL = '23502'
const NO_JSON = '22P02'

const REFUSED: readonly (readonly [string, string, Row, string])[] = [
  ['a negative balance', 'user_wallet', { ...WALLET, balance: -1 }, CHECK],
  ['a balance beyond 2^53 - 1', 'user_wallet', { ...WALLET, balance: MAX + 1n }, CHECK],
  ['a negative version', 'user_wallet', { ...WALLET, version: -1 }, CHECK],
  ['a transaction of type 0', 'user_wallet_transaction', { ...DEPOSIT, type: 0 }, CHECK],
  ['a transaction of type 5', 'user_wallet_transaction', { ...DEPOSIT, type: 5, passive_user_id: 'bob' }, CHECK],
  ['an amount of 0', 'user_wallet_transaction', { ...DEPOSIT, amount: 0 }, CHECK],
  ['a negative amount', 'user_wallet_transaction', { ...DEPOSIT, amount: -5 }, CHECK],
  ['an amount beyond 2^53 - 1', 'user_wallet_transaction', { ...DEPOSIT, amount: MAX + 1n }, CHECK],
  ['a negative balance after it', 'user_wallet_transaction', { ...DEPOSIT, balance: -1 }, CHECK],
  ['a balance after it beyond 2^53 - 1', 'user_wallet_transaction', { ...DEPOSIT, balance: MAX + 1n }, CHECK],
  ['an id of 0', 'user_wallet_transaction', { ...DEPOSIT, id: 0 }, CHECK],
  ['a deposit with a passive user', 'user_wallet_transaction', { ...DEPOSIT, passive_user_id: 'bob' }, CHECK],
  ['a withdrawal with a passive user', 'user_wallet_transaction', { ...DEPOSIT, type: 2, passive_user_id: 'b' }, CHECK],
  ['a TransferIn without a passive user', 'user_wallet_transaction', { ...DEPOSIT, type: 3 }, CHECK],
  ['a TransferOut without a passive user', 'user_wallet_transaction', { ...DEPOSIT, type: 4 }, CHECK],
  ['a transaction without an ID', 'user_wallet_transaction', { ...DEPOSIT, transaction_id: null }, NOT_NULL],
  ['a refused TransferIn', 'user_wallet_refusal', { ...REFUSAL, type: 3, passive_user_id: 'bob' }, CHECK],
  ['a refused transfer without a passive user', 'user_wallet_refusal', { ...REFUSAL, type: 4 }, CHECK],
  ['a refusal for a reason that is none', 'user_wallet_refusal', { ...REFUSAL, code: 'BECAUSE' }, CHECK],
  ['a state that is none', 'user_wallet', { ...WALLET, state: 'gone' }, CHECK],
  ['a wallet that is closed and holds something', 'user_wallet', { ...WALLET, state: 'closed' }, CHECK],
  ['a note of nothing', 'user_wallet_note', { ...NOTE, reference: null, metadata: null }, CHECK],
  ['an empty reference', 'user_wallet_note', { ...NOTE, reference: '' }, CHECK],
  ['a reference of 65 characters', 'user_wallet_note', { ...NOTE, reference: 'r'.repeat(65) }, CHECK],
  ['a note of a transaction 0', 'user_wallet_note', { ...NOTE, id: 0 }, CHECK],
  ['metadata that is no JSON', 'user_wallet_note', { ...NOTE, metadata: 'a=b' }, NO_JSON],
  ['a change to a state that is none', 'user_wallet_state_change', { ...CHANGE, state: 'gone' }, CHECK],
  ['a change of state without a reason', 'user_wallet_state_change', { ...CHANGE, reason: '' }, CHECK],
  ['a reason of 201 characters', 'user_wallet_state_change', { ...CHANGE, reason: 'r'.repeat(201) }, CHECK],
  ['a change of state 0', 'user_wallet_state_change', { ...CHANGE, id: 0 }, CHECK],
  ['a key of number 0', 'transaction_id_key', { ...KEY, number: 0 }, CHECK],
  ['a key of the wrong length', 'transaction_id_key', { key: '\\x00' }, CHECK],
]

t.test('the database itself refuses', async (t) => {
  const database = await createTestDatabase(t)
  for (const [what, table, row, code] of REFUSED)
    await t.rejects(administer(database, insert(table, row)), { code }, what)
})

t.test('the database takes the same rows when they are right, and each of them once', async (t) => {
  const database = await createTestDatabase(t)
  const rows = HISTORY.map(({ table, row }) => [table, row] as const)
  for (const [table, row] of [['user_wallet', WALLET] as const, ...rows]) {
    await administer(database, insert(table, row))
    await t.rejects(administer(database, insert(table, row)), { code: UNIQUE }, `a second one in ${table}`)
  }
  const sameID = { ...DEPOSIT, id: 2 }
  await t.rejects(administer(database, insert('user_wallet_transaction', sameID)), { code: UNIQUE }, 'an ID twice')
  const otherSide = { ...DEPOSIT, user_id: 'bob', type: 3, passive_user_id: 'ada' }
  await administer(database, insert('user_wallet_transaction', otherSide))
  const [counted] = await administer(database, 'SELECT count(*)::int AS rows FROM user_wallet_transaction')
  t.same(counted, { rows: 2 }, 'both sides of a transfer have the same ID')
})
