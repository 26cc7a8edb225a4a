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

/** A hot standby that streams from a primary. */
export interface StandbyServer extends OwnServer {
  /** Settles when it has all that the primary has now. */
  caughtUp(): Promise<void>
  /** From now on it stays as it is. */
  pause(): Promise<void>
  resume(): Promise<void>
}

export interface Replicated {
  readonly primary: OwnServer
  readonly standby: StandbyServer
  /** A second standby of the same primary. */
  addStandby(): Promise<StandbyServer>
}

const LIMIT_MS = 30_000

/** A primary with an up-to-date schema, and a standby of it, made of a copy of its files. */
export async function startReplicated(t: Test): Promise<Replicated> {
  const folder = await dataDirFor(t, 'primary')
  const first = await startEmbeddedPostgres({ dataDir: folder, onCrash: (message) => t.comment(message) })
  await migrate(first.address, 'up')
  await first.stop()
  // A process that is killed loses nothing by it, only a machine would; and a test's databases are many.
  await appendFile(join(folder, 'postgres', 'postgresql.auto.conf'), 'fsync = off\nfull_page_writes = off\n')
  const one = await copyOf(folder, 'standby-1')
  const two = await copyOf(folder, 'standby-2')
  const primary = await startOwnServer(t, folder)
  return {
    primary,
    standby: await startStandby(t, one, primary.address),
    addStandby: () => startStandby(t, two, primary.address),
  }
}

/** With its owners, which Node.js would not copy. */
async function copyOf(folder: string, name: string): Promise<string> {
  const copy = join(dirname(folder), name)
  await promisify(execFile)('cp', ['-a', folder, copy])
  return copy
}

async function startStandby(t: Test, folder: string, primary: ServerAddress): Promise<StandbyServer> {
  const pgdata = join(folder, 'postgres')
  // That it is there is all that counts; as a copy it belongs to whom the server runs as.
  await promisify(execFile)('cp', ['-a', join(pgdata, 'PG_VERSION'), join(pgdata, 'standby.signal')])
  await appendFile(join(pgdata, 'postgresql.auto.conf'), `primary_conninfo = '${connectionInfo(primary)}'\n`)
  const server = await startOwnServer(t, folder)
  const { address } = server
  return {
    ...server,
    async caughtUp() {
      const [position] = await administer(primary, 'SELECT pg_current_wal_insert_lsn()::text AS lsn')
      const behind = `SELECT pg_last_wal_replay_lsn() < '${position?.lsn}'::pg_lsn AS behind`
      await eventually('the standby has caught up', LIMIT_MS, async () => {
        const [row] = await administer(address, behind)
        return row?.behind === false ? true : undefined
      })
    },
    async pause() {
      await administer(address, 'SELECT pg_wal_replay_pause()')
      await eventually('replay has paused', LIMIT_MS, async () => {
        const [row] = await administer(address, 'SELECT pg_get_wal_replay_pause_state() AS state')
        return row?.state === 'paused' ? true : undefined
      })
    },
    async resume() {
      await administer(address, 'SELECT pg_wal_replay_resume()')
    },
  }
}

/** What a standby follows this server by. */
export function connectionInfo({ host, port, user }: ServerAddress): string {
  return `host=${host} port=${port} user=${user}`
}
