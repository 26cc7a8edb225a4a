import type { ServerAddress } from '../db/address.ts'
import type { joinEmbeddedPostgres } from '../src/adapters/embedded-postgres/server.ts'
import { takeConfig } from '../src/app/config.ts'
import { say } from './output.ts'

/**
 * Works on the database that is configured.
 *
 * @param serve starts the embedded server, or finds it, if there is no `DATABASE_URL`; it is let go afterwards.
 */
export async function onConfiguredDatabase<Result>(
  serve: typeof joinEmbeddedPostgres,
  work: (address: ServerAddress) => Promise<Result>,
): Promise<Result> {
  const { database, dataDir } = takeConfig(process.env)
  if (database !== undefined) return work(database)
  const embedded = await serve({ dataDir, onCrash: say })
  try {
    return await work(embedded.address)
  } finally {
    await embedded.stop()
  }
}
