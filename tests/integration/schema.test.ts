import { readFile } from 'node:fs/promises'
import t from 'tap'
import { dumpSchema } from '../run/dump-schema.ts'
import { administer, createBareDatabase, createTestDatabase } from '../support/database/database.ts'

const committed = await readFile(new URL('../../../db/schema.sql', import.meta.url), 'utf8')

t.test('the committed schema is the one that the migrations add up to', async (t) => {
  const dumped = await dumpSchema(await createTestDatabase(t))
  if (dumped === committed) t.pass()
  else t.equal(dumped, committed, 'db/schema.sql differs from the migrations: run npm run schema')
})

t.test('the committed schema builds an empty database that dumps as the same text', async (t) => {
  const database = await createBareDatabase(t)
  await administer(database, committed)
  t.equal(await dumpSchema(database), committed)
})

for (const change of [
  'ALTER TABLE user_wallet ADD COLUMN note text',
  'ALTER TABLE user_wallet ALTER COLUMN balance SET DEFAULT 0',
  'ALTER TABLE user_wallet ALTER COLUMN balance DROP NOT NULL',
  'ALTER TABLE user_wallet ALTER COLUMN user_id TYPE text COLLATE "default"',
  'ALTER TABLE user_wallet SET (fillfactor = 61)',
  'ALTER TABLE user_wallet DROP CONSTRAINT user_wallet_balance_check',
  'CREATE INDEX another ON user_wallet_transaction (passive_user_id)',
  'CREATE FUNCTION another() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'DROP TRIGGER append_only ON user_wallet_refusal',
]) {
  t.test(`a schema changed by hand dumps as another text: ${change}`, async (t) => {
    const database = await createTestDatabase(t)
    await administer(database, change)
    t.not(await dumpSchema(database), committed)
  })
}
