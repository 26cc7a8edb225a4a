import { execFile } from 'node:child_process'
import { appendFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { migrate } from '../../../db/migrate.ts'
import { startEmbeddedPostgres } from '../../../src/adapters/embedded-postgres/server.ts'
import { eventually } from '../eventually.ts'
import { dataDirFor } from '../process/embedded-service.ts'
import { administer } from './database.ts'
import { type OwnServer, startOwnServer } from './own-server.ts'

/** A primary, and a hot standby that streams from it. */
export interface Replicated {
  readonly primary: ServerAddress
  readonly standby: ServerAddress
  readonly standbyServer: OwnServer
  /** Settles when the standby has all that the primary has now. */
  caughtUp(): Promise<void>
  /** From now on the standby stays as it is. */
  pause(): Promise<void>
  resume(): Promise<void>
}

const LIMIT_MS = 30_000

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
  const standbyServer = await startOwnServer(t, copy)
  const { address: standby } = standbyServer
  return {
    primary,
    standby,
    standbyServer,
    async caughtUp() {
      const [position] = await administer(primary, 'SELECT pg_current_wal_insert_lsn()::text AS lsn')
      const behind = `SELECT pg_last_wal_replay_lsn() < '${position?.lsn}'::pg_lsn AS behind`
      await eventually('the standby has caught up', LIMIT_MS, async () => {
        const [row] = await administer(standby, behind)
        return row?.behind === false ? true : undefined
      })
    },
    async pause() {
      await administer(standby, 'SELECT pg_wal_replay_pause()')
      await eventually('replay has paused', LIMIT_MS, async () => {
        const [row] = await administer(standby, 'SELECT pg_get_wal_replay_pause_state() AS state')
        return row?.state === 'paused' ? true : undefined
      })
    },
    async resume() {
      await administer(standby, 'SELECT pg_wal_replay_resume()')
    },
  }
}
