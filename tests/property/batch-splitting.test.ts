import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { readAccounts, runBatches } from '../support/database/run-commands.ts'
import { NOW } from '../support/domain-builders.ts'
import { createCast, cuts, drafts, partition } from '../support/random/random-commands.ts'
import { seeded } from '../support/random/random-seed.ts'

const RUNS = 300

t.test('how commands are split into batches changes neither outcomes nor histories', async (t) => {
  let batchesOfMany = 0
  await fc.assert(
    fc.asyncProperty(drafts, cuts, async (drafts, cuts) => {
      const cast = createCast(0)
      const commands = cast.commands(drafts)
      const batches = partition(commands, cuts)
      const [split, alone] = await Promise.all(
        [batches, commands.map((command) => [command])].map(async (each) => {
          // A clock that stands still, so that times can be compared too.
          const store = createMemoryWalletStore(() => NOW)
          await store.open(cast.owners)
          return { outcomes: await runBatches(store, each), accounts: await readAccounts(store, cast.users) }
        }),
      )
      assert.deepEqual(split, alone)
      batchesOfMany += batches.filter((batch) => batch.length > 1).length
    }),
    seeded(t, RUNS),
  )
  t.ok(batchesOfMany > RUNS, `${batchesOfMany} batches held more than one command`)
})
