import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { createPostgresStandby } from '../../src/adapters/postgres/standby.ts'
import { STANDBY_BOUNDS } from '../../src/app/bounds.ts'
import { createStandbyReads } from '../../src/app/standby-reads.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import type { Standby } from '../../src/ports/standby.ts'
import { openTestStore } from '../support/database/connections.ts'
import { administer } from '../support/database/database.ts'
import { databaseProcesses } from '../support/database/database-processes.ts'
import { connectionInfo, startReplicated } from '../support/database/replicated.ts'
import { eventually } from '../support/eventually.ts'

const LIMIT_MS = 60_000
const ANN = toUserID('ann')

interface Watched extends Standby {
  /** What was told last. */
  told(): string | undefined
}

function watch(t: Test, primary: ServerAddress, address: ServerAddress, maxBehindMs = LIMIT_MS): Watched {
  let told: string | undefined
  const standby = createPostgresStandby({
    ...{ address, primary, connections: 2, maxBehindMs },
    onChange(reason) {
      told = reason
    },
  })
  t.teardown(() => standby.close())
  void standby.start()
  return { ...standby, told: () => told }
}

const usable = (standby: Standby) => eventually('it is usable', LIMIT_MS, () => standby.reading().usable || undefined)
const tells = (standby: Watched, reason: string) =>
  eventually(`it is told: ${reason}`, LIMIT_MS, () => standby.told() === reason || undefined)

async function open(t: Test, primary: ServerAddress, userID: UserID): Promise<void> {
  const store = await openTestStore(t, primary)
  await store.open([userID])
}

t.test('a standby that is too far behind is not usable until it has caught up', async (t) => {
  const { primary, standby } = await startReplicated(t)
  await open(t, primary.address, ANN)
  const watched = watch(t, primary.address, standby.address, 3000)
  await usable(watched)
  await standby.pause()
  await open(t, primary.address, toUserID('bob'))
  await tells(watched, 'what it says may be more than 3 s old')
  t.notOk(watched.reading().usable)
  const late = watch(t, primary.address, standby.address, 3000)
  await tells(late, 'what it says may be more than 3 s old')
  t.notOk(late.reading().usable, 'nor to one that has just begun to look')
  await standby.resume()
  await usable(watched)
  await usable(late)
})

t.test('a standby of a primary that is gone is not usable for longer than it may be old', async (t) => {
  const { primary, standby } = await startReplicated(t)
  const watched = watch(t, primary.address, standby.address, 3000)
  await usable(watched)
  const [server] = await databaseProcesses(join(primary.folder, 'postgres'))
  if (server === undefined) throw new Error('the primary does not run')
  t.teardown(() => process.kill(server, 'SIGCONT'))
  process.kill(server, 'SIGSTOP')
  await administer(standby.address, 'SELECT pg_wal_replay_pause()')
  for (const pid of (await databaseProcesses(join(primary.folder, 'postgres'))).slice(1)) process.kill(pid, 'SIGKILL')
  await tells(watched, 'what it says may be more than 3 s old')
  t.notOk(watched.reading().usable)
})

t.test('a standby that hangs keeps no one waiting for long', async (t) => {
  const { primary, standby } = await startReplicated(t)
  await open(t, primary.address, ANN)
  await standby.caughtUp()
  const watched = watch(t, primary.address, standby.address)
  const reads = createStandbyReads(watched, STANDBY_BOUNDS)
  await eventually('it answers', LIMIT_MS, () => reads.wallet(ANN, 0n))
  const stopped: number[] = []
  const goOn = () => {
    for (const pid of stopped.splice(0)) signal(pid, 'SIGCONT')
  }
  t.teardown(goOn)
  // The server first, which starts the others.
  for (const pid of await databaseProcesses(join(standby.folder, 'postgres'))) {
    stopped.push(pid)
    signal(pid, 'SIGSTOP')
  }
  t.equal(await reads.wallet(ANN, 0n), undefined)
  t.equal(await reads.history({ userID: ANN, limit: 1 }, 0n), undefined)
  await eventually('it is given up', LIMIT_MS, () => !watched.reading().usable || undefined)
  goOn()
  await eventually('it answers again', LIMIT_MS, () => reads.wallet(ANN, 0n))
})

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has gone by itself.
  }
}

t.test(
  'a standby that follows the primary of before a failover is not usable until it follows the new one',
  async (t) => {
    const { primary, standby, addStandby } = await startReplicated(t)
    const next = await addStandby()
    await open(t, primary.address, ANN)
    await next.caughtUp()
    await administer(next.address, 'SELECT pg_promote()')
    const watched = watch(t, next.address, standby.address)
    await tells(watched, 'it is on timeline 1, and the primary on 2')
    await administer(standby.address, `ALTER SYSTEM SET primary_conninfo = '${connectionInfo(next.address)}'`)
    await administer(standby.address, 'SELECT pg_reload_conf()')
    await open(t, next.address, toUserID('bob'))
    await eventually('it follows', LIMIT_MS, async () => {
      const rows = await administer(standby.address, `SELECT FROM user_wallet WHERE user_id = 'bob'`)
      return rows.length > 0 ? true : undefined
    })
    await administer(next.address, 'CHECKPOINT')
    await eventually('a restartpoint was made', LIMIT_MS, async () => {
      await administer(standby.address, 'CHECKPOINT')
      return watched.reading().usable || undefined
    })
  },
)

t.test('when a standby is closed, even in the middle of a comparison, no connection stays', async (t) => {
  const { primary, standby } = await startReplicated(t)
  const closing = createPostgresStandby({
    ...{ address: standby.address, primary: primary.address, connections: 2, maxBehindMs: LIMIT_MS },
    onChange: () => {},
  })
  void closing.start()
  await closing.close()
  for (const { address } of [primary, standby])
    await eventually('there is none', LIMIT_MS, async () => {
      const rows = await administer(
        address,
        `SELECT FROM pg_stat_activity WHERE application_name = 'wallet-service' AND datname = current_database()
           AND pid <> pg_backend_pid()`,
      )
      return rows.length === 0 ? true : undefined
    })
})
