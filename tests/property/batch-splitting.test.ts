import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { readAccounts } from '../support/database/run-commands.ts'
import { NOW } from '../support/domain-builders.ts'
import { createCast, cuts } from '../support/random/random-commands.ts'
import { deedDrafts, deedsOf } from '../support/random/random-deeds.ts'
import { seeded } from '../support/random/random-seed.ts'
import { runDeeds } from './run-deeds.ts'

const RUNS = 300

t.test('how commands and atomic lists are split into batches changes neither outcomes nor histories', async (t) => {
  let listsAmongOthers = 0
  await fc.assert(
    fc.asyncProperty(deedDrafts, cuts, async (drafts, cuts) => {
      const cast = createCast(0)
      const deeds = deedsOf(cast, drafts)
      const [split, alone, whole] = await Promise.all(
        [(index: number) => cuts[index] === true, () => true, () => false].map(async (isCut) => {
          // A clock that stands still, so that times can be compared too.
          const store = createMemoryWalletStore(() => NOW)
          await store.open(cast.owners)
          return {
            done: await runDeeds(store, deeds, isCut),
            accounts: await readAccounts(store, cast.users),
            wallets: await store.wallets(cast.users),
          }
        }),
      )
      assert.deepEqual(split, alone)
      assert.deepEqual(whole, alone)
      listsAmongOthers += deeds.filter(({ kind }, index) => kind === 'list' && cuts[index] !== true).length
    }),
    seeded(t, RUNS),
  )
  t.ok(listsAmongOthers > RUNS, `${listsAmongOthers} lists stood behind others in a batch`)
})
