import fc from 'fast-check'
import t from 'tap'
import { connect } from '../../db/migrate.ts'
import { plainArray, textArray } from '../../src/adapters/postgres/arrays.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { seeded } from '../support/random/random-seed.ts'

/** Characters that an array's syntax knows, more often than others. */
const tricky = fc.string({
  unit: fc.oneof(fc.constantFrom(...'{}"\\,\' \t\nNUL$1'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })),
})
/** PostgreSQL keeps no zero bytes, and no user ID has one. */
const texts = fc.array(fc.option(tricky.map((text) => text.replaceAll('\0', ''))))
const numbers = fc.array(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))

t.test('PostgreSQL reads arrays as they were meant', async (t) => {
  const client = await connect(await createTestDatabase(t))
  t.teardown(() => client.end())
  await fc.assert(
    fc.asyncProperty(texts, numbers, async (texts, numbers) => {
      const { rows } = await client.query(
        'SELECT to_json($1::text[])::text AS texts, $2::bigint[]::text[] AS numbers',
        [textArray(texts, (text) => text), plainArray(numbers, (n) => n)],
      )
      t.strictSame(JSON.parse(rows[0].texts), texts)
      t.strictSame(rows[0].numbers, numbers.map(String))
    }),
    seeded(t, 100),
  )
})
