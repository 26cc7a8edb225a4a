import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { createPostgresStandby } from '../../src/adapters/postgres/standby.ts'
import { STANDBY_BOUNDS } from '../../src/app/bounds.ts'
import { createStandbyReads } from '../../src/app/standby-reads.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import type { Standby } from '../../src/ports/standby.ts'
import { openTestStore } from '../support/database/connections.ts'
import { databaseProcesses } from '../support/database/database-processes.ts'
import { startReplicated } from '../support/database/replicated.ts'
import { eventually } from '../support/eventually.ts'

const LIMIT_MS = 60_000
const ANN = toUserID('ann')

interface Watched extends Standby {
  /** What was told, oldest first. */
  readonly told: readonly (string | undefined)[]
}

function watch(t: Test, primary: ServerAddress, address: ServerAddress, maxBehindMs: number): Watched {
  const told: (string | undefined)[] = []
  const standby = createPostgresStandby({
    ...{ address, primary, connections: 2, maxBehindMs },
    onChange: (reason) => void told.push(reason),
  })
  t.teardown(() => standby.close())
  return { ...standby, told }
}

async function open(t: Test, primary: ServerAddress, userID: UserID): Promise<void> {
  const store = await openTestStore(t, primary)
  await store.open([userID])
}

t.test('a standby that is too far behind is not usable until it has caught up', async (t) => {
  const { primary, standby, pause, resume } = await startReplicated(t)
  await open(t, primary, ANN)
  const { reading, told } = watch(t, primary, standby, 3000)
  await eventually('it is usable', LIMIT_MS, () => reading().usable || undefined)
  await pause()
  await open(t, primary, toUserID('bob'))
  await eventually('it is not', LIMIT_MS, () => !reading().usable || undefined)
  t.ok(reading().behindMs > 3000)
  await eventually('it was told', LIMIT_MS, () => told.includes('it is more than 3 s behind') || undefined)
  t.notOk(reading().usable, 'nor does it become so by itself')
  await resume()
  await eventually('it is usable again', LIMIT_MS, () => reading().usable || undefined)
})

t.test('a standby on a ledger at rest is usable, however long ago the last transaction was', async (t) => {
  const { primary, standby } = await startReplicated(t)
  const { reading, told } = watch(t, primary, standby, 3000)
  await eventually('it was compared', LIMIT_MS, () => told.length > 0 || undefined)
  const start = performance.now()
  await eventually('a bound has passed', LIMIT_MS, () => performance.now() > start + 4000 || undefined)
  await eventually('it is usable', LIMIT_MS, () => reading().usable || undefined)
})

t.test('a standby that hangs keeps no one waiting for long', async (t) => {
  const { primary, standby, standbyServer, caughtUp } = await startReplicated(t)
  await open(t, primary, ANN)
  await caughtUp()
  const watched = watch(t, primary, standby, LIMIT_MS)
  const reads = createStandbyReads(watched, STANDBY_BOUNDS)
  await eventually('it answers', LIMIT_MS, () => reads.wallet(ANN, 0n))
  const stopped = new Set(await databaseProcesses(join(standbyServer.folder, 'postgres')))
  for (const pid of stopped) process.kill(pid, 'SIGSTOP')
  const goOn = () => {
    for (const pid of stopped) process.kill(pid, 'SIGCONT')
    stopped.clear()
  }
  t.teardown(goOn)
  t.equal(await reads.wallet(ANN, 0n), undefined)
  t.equal(await reads.history({ userID: ANN, limit: 1 }, 0n), undefined)
  await eventually('it is given up', LIMIT_MS, () => !watched.reading().usable || undefined)
  goOn()
  await eventually('it answers again', LIMIT_MS, () => reads.wallet(ANN, 0n))
})
