import type { Test } from 'tap'
import { type ServerAddress, toURL } from '../../../db/address.ts'
import { dumpSchema } from '../../run/dump-schema.ts'
import { administer } from '../database/database.ts'
import { runServiceToEnd, runWallet } from './service-process.ts'

/** The schema, which migrations were run, and whether a key was made. */
async function stateOf(database: ServerAddress): Promise<readonly unknown[]> {
  const schema = await dumpSchema(database)
  if (!schema.includes('CREATE TABLE')) return [schema]
  const migrations = await administer(database, 'SELECT name FROM wallet_migration ORDER BY id')
  return [schema, migrations, await administer(database, 'SELECT key FROM transaction_id_key')]
}

/**
 * The service, `npm run migrate` and `npm run audit` each end with one line that says why, and leave everything as it
 * was. `look` is the database as someone reaches it who may see that; `build` is the folder of another version.
 */
export async function refused(
  t: Test,
  database: ServerAddress,
  expected: Readonly<Record<'start' | 'migrate' | 'audit', RegExp | 'is done'>>,
  { look = database, build }: { readonly look?: ServerAddress; readonly build?: string } = {},
): Promise<void> {
  const options = { env: { DATABASE_URL: toURL(database) }, ...(build !== undefined && { build }) }
  const before = await stateOf(look)
  const ended = {
    start: { code: 1, ...(await lineOf(runServiceToEnd(t, options))) },
    migrate: { code: 1, ...(await lineOf(runWallet(t, ['migrate'], options))) },
    audit: { code: 2, ...(await lineOf(runWallet(t, ['audit', '--json'], options))) },
  }
  for (const command of ['start', 'migrate', 'audit'] as const) {
    const { code, found, line } = ended[command]
    const what = expected[command]
    if (what === 'is done') t.same([found, line], [0, ''], command)
    else {
      t.equal(found, code, `${command}: the exit code`)
      t.match(line, /^[^\n]+\n$/, `${command}: one line`)
      t.match(line, what, command)
      t.notMatch(line, /\.[jt]s:\d/, 'no stack')
    }
  }
  t.strictSame(await stateOf(look), before, 'nothing has changed')
}

async function lineOf(running: ReturnType<typeof runServiceToEnd>): Promise<{ found: number | null; line: string }> {
  const { code, stderr } = await running
  return { found: code, line: stderr }
}
