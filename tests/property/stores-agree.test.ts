import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { readAccounts, runBatches, timeless, timelessAccount } from '../support/database/run-commands.ts'
import { type Cast, createCast, cuts, type Draft, drafts, partition } from '../support/random/random-commands.ts'
import { seeded } from '../support/random/random-seed.ts'
import { bothStores } from './both-stores.ts'

const RUNS = 60

t.test('memory and PostgreSQL give the same outcomes, statuses, wallets and histories', async (t) => {
  const { memory, postgres } = await bothStores(t)
  let run = 0
  await fc.assert(
    fc.asyncProperty(drafts, cuts, async (drafts, cuts) => {
      run += 1
      const cast = createCast(run)
      const [inMemory, inPostgres] = [
        await account(memory, cast, drafts, cuts),
        await account(postgres, cast, drafts, cuts),
      ]
      assert.deepEqual(inPostgres, inMemory)
    }),
    seeded(t, RUNS),
  )
  t.ok(run >= RUNS, `${run} runs`)
})

/** All that a store says of a run, with times left out. */
async function account(store: WalletStore, cast: Cast, drafts: readonly Draft[], cuts: readonly boolean[]) {
  // Some of them twice, as when two ask at once.
  const opened = await store.open([...cast.owners, ...cast.owners.slice(0, 1)])
  const commands = cast.commands(drafts)
  const outcomes = await runBatches(store, partition(commands, cuts))
  const first = commands[0]
  const status = first && (await store.outcome(first.userID, first.transactionID)).stored
  return {
    opened: opened.map(({ wallet, created }) => [wallet.userID, wallet.balance, wallet.version, created]),
    outcomes: outcomes.map(timeless),
    status: status && timeless({ ...status, replayed: true }),
    accounts: (await readAccounts(store, cast.users)).map(timelessAccount),
  }
}
