import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../../db/migrate.ts'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/server.ts'
import { dumpSchema } from './dump-schema.ts'

/** Beside the migrations; this file runs from `dist/db`. */
const SCHEMA_FILE = new URL('../../../db/schema.sql', import.meta.url)

async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'wallet-schema-'))
  try {
    const server = await startEmbeddedPostgres({ dataDir, onCrash: (line) => process.stderr.write(`${line}\n`) })
    try {
      await migrate(server.address, 'up')
      await writeFile(SCHEMA_FILE, await dumpSchema(server.address))
    } finally {
      await server.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
  process.stdout.write('db/schema.sql is written\n')
}

await main()
