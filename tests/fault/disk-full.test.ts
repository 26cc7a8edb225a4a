import { execFile } from 'node:child_process'
import { chown, cp, mkdir, open, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { startEmbeddedPostgres } from '../../src/adapters/embedded-postgres/server.ts'
import { startOwnServer } from '../support/database/own-server.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const execute = promisify(execFile)

const DISK_SIZE = '160m'
const CHUNK_BYTES = 256 * 1024
const WARM_MS = 1000
/** Longer than a request's deadline, so that some are answered while it is full. */
const FULL_MS = 8000

/** A small disk of the test's own; needs the right to mount one. */
async function smallDisk(t: Test): Promise<string> {
  const disk = join(await temporaryFolder(t), 'disk')
  await mkdir(disk)
  await execute('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE},mode=755`, 'wallet-fault', disk])
  t.teardown(() => execute('umount', ['--lazy', disk]))
  return disk
}

/**
 * The log of a server that has no room for its log ends the server, no matter who its client is. What is tested here is what a
 * client gets to see: tables that can't grow.
 */
async function moveLogElsewhere(t: Test, folder: string): Promise<void> {
  const { stop } = await startEmbeddedPostgres({ dataDir: folder, onCrash: (message) => t.comment(message) })
  await stop()
  const wal = join(folder, 'postgres', 'pg_wal')
  const elsewhere = join(await temporaryFolder(t), 'wal')
  const { uid, gid } = await stat(wal)
  await cp(wal, elsewhere, { recursive: true })
  await execute('chown', ['-R', `${uid}:${gid}`, elsewhere])
  await rm(wal, { recursive: true })
  await symlink(elsewhere, wal)
  await chown(elsewhere, uid, gid)
}

async function fillDisk(disk: string): Promise<() => Promise<void>> {
  const path = join(disk, 'ballast')
  const file = await open(path, 'w')
  const chunk = Buffer.alloc(CHUNK_BYTES)
  try {
    for (;;) await file.write(chunk)
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') throw error
  } finally {
    await file.close()
  }
  return () => rm(path)
}

t.test('a disk that is full, and then is not: 503, nothing lost, and no restart', async (t) => {
  const disk = await smallDisk(t)
  const folder = join(disk, 'data')
  await moveLogElsewhere(t, folder)
  const server = await startOwnServer(t, folder)
  const service = await startRestartableService(t, server.address)
  const load = await startFaultLoad(t, { urls: [service.url] })
  await delay(WARM_MS)
  const makeRoom = await fillDisk(disk)
  await delay(FULL_MS)
  const since = performance.now()
  await makeRoom()
  await delay(2 * WARM_MS)
  await load.stop()
  t.equal(service.processes.length, 1)
  const { address: database } = server
  const fault = 'disk of PostgreSQL full for 8 s'
  const figures = await checkPromises(t, {
    fault,
    load,
    database,
    services: [service],
    again: { since, withinMs: 2000 },
  })
  // Either kind of 503: a request whose deadline comes while a repetition of its batch is under way is told that its outcome is unknown.
  t.ok(figures.turnedAway + figures.unknown > 0, 'some were answered 503 meanwhile')
})
