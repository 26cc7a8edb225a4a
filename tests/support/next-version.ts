import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { temporaryFolder } from './temporary-folder.ts'

/** What the next version might want of tables that are in use, and one of its own. */
const MIGRATION = `-- Up Migration

ALTER TABLE user_wallet ADD COLUMN label text;
ALTER TABLE user_wallet_transaction ADD COLUMN reference text;
CREATE TABLE wallet_label (label text PRIMARY KEY);

-- Down Migration

DROP TABLE wallet_label;
ALTER TABLE user_wallet_transaction DROP COLUMN reference;
ALTER TABLE user_wallet DROP COLUMN label;
`

export const NEXT_MIGRATION = '9000_next_version'

/** Builds this service with one migration more; says the folder. */
export async function buildNextVersion(t: Test): Promise<string> {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'dist'))
  for (const part of [
    'dist/cli',
    'dist/client',
    'dist/console',
    'dist/src',
    'dist/db',
    'console',
    'db/migrations',
    'package.json',
  ])
    await cp(part, join(folder, part), { recursive: true })
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'db/migrations', `${NEXT_MIGRATION}.sql`), MIGRATION)
  return folder
}
