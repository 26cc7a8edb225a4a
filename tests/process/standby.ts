import { execFile } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { migrate } from '../../db/migrate.ts'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/server.ts'
import { administer } from '../support/database/database.ts'
import { startOwnServer } from '../support/database/own-server.ts'
import { eventually } from '../support/eventually.ts'
import { dataDirFor } from '../support/process/embedded-service.ts'

export interface Replicated {
  readonly primary: ServerAddress
  /** A hot standby that streams from it. */
  readonly standby: ServerAddress
  /** Settles when the standby has all that the primary has now. */
  caughtUp(): Promise<void>
}

const CATCH_UP_LIMIT_MS = 20_000

/** A primary with an up-to-date schema, and a standby of it, made of a copy of its files. */
export async function startReplicated(t: Test): Promise<Replicated> {
  const folder = await dataDirFor(t, 'primary')
  const first = await startEmbeddedPostgres({ dataDir: folder, onCrash: (message) => t.comment(message) })
  await migrate(first.address, 'up')
  await first.stop()
  const copy = join(dirname(folder), 'standby')
  await promisify(execFile)('cp', ['-a', folder, copy])
  const { address: primary } = await startOwnServer(t, folder)
  const pgdata = join(copy, 'postgres')
  // That it is there is all that counts; as a copy it belongs to whom the server runs as.
  await promisify(execFile)('cp', ['-a', join(pgdata, 'PG_VERSION'), join(pgdata, 'standby.signal')])
  const from = `host=${primary.host} port=${primary.port} user=${primary.user}`
  await appendFile(join(pgdata, 'postgresql.auto.conf'), `primary_conninfo = '${from}'\n`)
  const { address: standby } = await startOwnServer(t, copy)
  return {
    primary,
    standby,
    async caughtUp() {
      const [position] = await administer(primary, 'SELECT pg_current_wal_insert_lsn()::text AS lsn')
      const behind = `SELECT pg_last_wal_replay_lsn() < '${position?.lsn}'::pg_lsn AS behind`
      await eventually('the standby has caught up', CATCH_UP_LIMIT_MS, async () => {
        const [row] = await administer(standby, behind)
        return row?.behind === false ? true : undefined
      })
    },
  }
}
