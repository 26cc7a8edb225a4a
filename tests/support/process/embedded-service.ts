import { join } from 'node:path'
import type { Test } from 'tap'
import { killDatabaseAfterwards } from '../database/database-processes.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { createClient } from './service-client.ts'
import { type ProcessOptions, startServiceProcess } from './service-process.ts'

/** A DATA_DIR of the test's own, below a folder that everyone may enter. */
export async function dataDirFor(t: Test, name = 'data'): Promise<string> {
  const folder = await temporaryFolder(t)
  killDatabaseAfterwards(t, folder)
  return join(folder, name)
}

/** A service on the embedded database in `dataDir`. */
export async function startEmbeddedService(t: Test, dataDir: string, options: Partial<ProcessOptions> = {}) {
  const service = await startServiceProcess(t, { ...options, env: { DATA_DIR: dataDir } })
  return { service, client: createClient(service.url) }
}
