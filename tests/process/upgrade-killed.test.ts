import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { databaseProcesses } from '../support/database/database-processes.ts'
import { OLD_MAJOR, startOldServer } from '../support/database/old-server.ts'
import { beginWrite } from '../support/database/slow-writer.ts'
import { eventually } from '../support/eventually.ts'
import { dataDirFor, startEmbeddedService } from '../support/process/embedded-service.ts'
import { launchWallet, runServiceToEnd, runWallet } from '../support/process/service-process.ts'
import {
  holdsOldData,
  KEPT,
  majorOf,
  type OldData,
  oldData,
  partsOf,
  UPGRADE,
  upgrade,
} from '../support/process/upgrade-world.ts'

/*
 * An upgrade is killed by `kill -9` at each of its steps. Until the exchange the old data are in their place, afterwards the new
 * ones; and the next run, or the next start, finishes.
 */

const execute = promisify(execFile)

const STEP_LIMIT_MS = 60_000
/** Long enough to be met in the middle of. */
const ROWS = 20_000
const KILL_AT = new URL('../support/process/kill-at-rename.js', import.meta.url)

/** Killed as soon as `met` says so. */
async function killedWhen(
  t: Test,
  dataDir: string,
  what: string,
  met: (said: string) => Promise<boolean>,
): Promise<void> {
  const { child, ended } = await launchWallet(t, UPGRADE, { env: { DATA_DIR: dataDir } })
  let said = ''
  child.stderr?.on('data', (text: string) => {
    said += text
  })
  await eventually(what, STEP_LIMIT_MS, async () => ((await met(said)) ? true : undefined))
  child.kill('SIGKILL')
  t.equal((await ended).signal, 'SIGKILL', what)
}

/** Killed just before or after a folder gets a name. */
async function killedAt(t: Test, dataDir: string, when: 'before' | 'after', name: string): Promise<void> {
  const { signal } = await runWallet(t, UPGRADE, {
    env: { DATA_DIR: dataDir, KILL_AT: `${when} ${name}` },
    preload: KILL_AT,
  })
  t.equal(signal, 'SIGKILL', `${when} ${name}`)
}

/** The same data once more, for another way to go on. */
async function copyOf(t: Test, { dataDir, content }: OldData): Promise<OldData> {
  const copy = await dataDirFor(t)
  await execute('cp', ['-a', dataDir, copy])
  return { dataDir: copy, content }
}

async function isUpgraded(t: Test, dataDir: string): Promise<void> {
  const { service, client } = await startEmbeddedService(t, dataDir)
  t.match((await client.wallet('ann')).body, { balance: 1 })
  t.match((await client.wallet('rich')).body, { balance: ROWS, version: ROWS })
  t.equal((await service.end('SIGTERM')).code, 0)
  t.same(await databaseProcesses(dataDir), [], 'no server is left')
  t.equal((await runWallet(t, ['audit'], { env: { DATA_DIR: dataDir } })).code, 0)
  t.same([await majorOf(dataDir), await majorOf(dataDir, KEPT)], ['18', OLD_MAJOR])
}

async function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => [])
}

t.test(
  'killed before the exchange, it has changed nothing; a start says what to do, and the next run does it',
  async (t) => {
    const data = await oldData(t, { rows: ROWS })
    const { dataDir } = data
    const staging = join(dataDir, 'upgrade')

    async function stillOld(): Promise<void> {
      t.equal(await majorOf(dataDir), OLD_MAJOR)
      t.match(await runServiceToEnd(t, { env: { DATA_DIR: dataDir } }), {
        code: 1,
        stderr: / npx wallet upgrade-data /,
      })
      await holdsOldData(t, data)
    }

    await killedWhen(t, dataDir, 'the new data are begun', async () => (await names(staging)).length > 0)
    await stillOld()
    await killedWhen(t, dataDir, 'it copies', async (said) => said.includes('copying'))
    await stillOld()
    await killedWhen(t, dataDir, 'it audits', async (said) => said.includes('auditing'))
    await stillOld()
    await killedAt(t, dataDir, 'before', 'postgres.upgraded')
    await stillOld()
    await killedAt(t, dataDir, 'after', 'postgres.upgraded')
    await stillOld()

    const { code, stderr } = await upgrade(t, dataDir)
    t.equal(code, 0, stderr)
    t.strictSame(await partsOf(dataDir), ['postgres', KEPT])
    await isUpgraded(t, dataDir)
  },
)

t.test('what the old version has written since a run was killed is not lost', async (t) => {
  const data = await oldData(t, { rows: ROWS })
  await killedAt(t, data.dataDir, 'after', 'postgres.upgraded')
  const old = await startOldServer(t, data.dataDir)
  await (await beginWrite(old.address, 'late')).commit()
  await old.stop()
  t.equal((await upgrade(t, data.dataDir)).code, 0)
  const { client } = await startEmbeddedService(t, data.dataDir)
  t.match((await client.wallet('late')).body, { balance: 1 })
})

t.test(
  'killed in the middle of the exchange or just after it, the next start finishes, and so does the next run',
  async (t) => {
    const data = await oldData(t, { rows: ROWS })
    for (const [when, name] of [
      ['after', KEPT],
      ['after', 'data/postgres'],
    ] as const) {
      const started = await copyOf(t, data)
      await killedAt(t, started.dataDir, when, name)
      await isUpgraded(t, started.dataDir)

      const run = await copyOf(t, data)
      await killedAt(t, run.dataDir, when, name)
      const audited = await runWallet(t, ['audit'], { env: { DATA_DIR: run.dataDir } })
      t.equal(audited.code, 0, audited.stderr)
      t.match(await upgrade(t, run.dataDir), { code: 0, stdout: /^nothing to do: / })
      await eventually('the old server is gone', STEP_LIMIT_MS, async () =>
        (await databaseProcesses(run.dataDir)).length === 0 ? true : undefined,
      )
      t.strictSame(await partsOf(run.dataDir), ['postgres', KEPT])
      await isUpgraded(t, run.dataDir)
    }
  },
)
