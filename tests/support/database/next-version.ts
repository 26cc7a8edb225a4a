import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryFolder } from '../temporary-folder.ts'

/** What the next version might want of tables that are in use: columns, a table of its own, and an index. */
const MIGRATIONS = {
  '9000_labels': `-- Up Migration

ALTER TABLE user_wallet ADD COLUMN label text;
ALTER TABLE user_wallet_transaction ADD COLUMN reference text;
CREATE TABLE wallet_label (label text PRIMARY KEY);

-- Down Migration

DROP TABLE wallet_label;
ALTER TABLE user_wallet_transaction DROP COLUMN reference;
ALTER TABLE user_wallet DROP COLUMN label;
`,
  '9001_by_reference': `-- Up Migration

DROP INDEX CONCURRENTLY IF EXISTS user_wallet_transaction_by_reference;
CREATE INDEX CONCURRENTLY user_wallet_transaction_by_reference ON user_wallet_transaction (reference);

-- Down Migration

DROP INDEX CONCURRENTLY IF EXISTS user_wallet_transaction_by_reference;
`,
}

/** The last of them. */
export const NEXT_MIGRATION = '9001_by_reference'

/** Builds this service with two migrations more; says the folder. */
export async function buildNextVersion(t: Test): Promise<string> {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'dist'))
  for (const part of [
    'dist/audit',
    'dist/cli',
    'dist/client',
    'dist/console',
    'dist/src',
    'dist/db',
    'console',
    'db/migrations',
    'llms.txt',
    'package.json',
  ])
    await cp(part, join(folder, part), { recursive: true })
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
  for (const [name, text] of Object.entries(MIGRATIONS))
    await writeFile(join(folder, 'db/migrations', `${name}.sql`), text)
  return folder
}
