import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { migrate } from '../../../db/migrate.ts'
import { administer } from '../database/database.ts'
import { OLD_MAJOR, OLD_PROGRAMS, startOldServer } from '../database/old-server.ts'
import { beginWrite } from '../database/slow-writer.ts'
import { dataDirFor } from './embedded-service.ts'
import { type Ended, type ProcessOptions, runWallet } from './service-process.ts'

/** Where an upgrade keeps the old data. */
export const KEPT = `postgres-${OLD_MAJOR}`
export const UPGRADE = ['upgrade-data', '--old-programs', OLD_PROGRAMS] as const

export async function upgrade(t: Test, dataDir: string, options: Partial<ProcessOptions> = {}): Promise<Ended> {
  return runWallet(t, UPGRADE, { ...options, env: { DATA_DIR: dataDir, ...options.env } })
}

/** What the ledger of a database holds, row by row. */
export async function contentOf(address: ServerAddress): Promise<unknown> {
  const tables = await administer(
    address,
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
  )
  const contents = tables.map(async ({ name }) => [
    name,
    await administer(
      address,
      `SELECT count(*) AS rows, md5(string_agg(row::text, ' ' ORDER BY row::text)) AS hash FROM ${name} AS row`,
    ),
  ])
  return Promise.all(contents)
}

export interface OldData {
  readonly dataDir: string
  readonly content: unknown
}

/** Data of the old version: Ann's wallet with 1 unit, and Rich's with a history of `rows` deposits. */
export async function oldData(
  t: Test,
  { rows = 1, dataDir }: { rows?: number; dataDir?: string } = {},
): Promise<OldData> {
  const folder = dataDir ?? (await dataDirFor(t))
  const old = await startOldServer(t, folder)
  await migrate(old.address, 'up')
  await (await beginWrite(old.address, 'ann')).commit()
  await administer(
    old.address,
    `INSERT INTO user_wallet VALUES ('rich', ${rows}, ${rows}, now(), now() + ${rows} * interval '1 ms');
     INSERT INTO user_wallet_transaction
     SELECT 'rich', id, gen_random_uuid(), 1, 1, NULL, id, now() + id * interval '1 ms', 0
     FROM generate_series(1, ${rows}) AS id`,
  )
  const content = await contentOf(old.address)
  await old.stop()
  return { dataDir: folder, content }
}

/** What an upgrade may make, rename or leave there. */
export async function partsOf(dataDir: string): Promise<readonly string[]> {
  return (await readdir(dataDir)).filter((name) => /^(?:postgres(?!\.log)|upgrade)/.test(name)).sort()
}

/** The major version of data; `undefined` if there are none. */
export async function majorOf(dataDir: string, name = 'postgres'): Promise<string | undefined> {
  return readFile(join(dataDir, name, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )
}

/** The old version starts on its data, and finds what it left there. */
export async function holdsOldData(t: Test, { dataDir, content }: OldData): Promise<void> {
  const old = await startOldServer(t, dataDir)
  t.strictSame(await contentOf(old.address), content, 'the old data are as they were')
  await old.stop()
}
