import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { readAccounts, timeless, timelessAccount } from '../support/database/run-commands.ts'
import { summary } from '../support/domain-builders.ts'
import { type Cast, createCast, cuts } from '../support/random/random-commands.ts'
import { type Deed, deedDrafts, deedsOf } from '../support/random/random-deeds.ts'
import { seeded } from '../support/random/random-seed.ts'
import { bothStores } from './both-stores.ts'
import { commandsIn, type Done, outcomesOf, runDeeds } from './run-deeds.ts'

const RUNS = 60

t.test('memory and PostgreSQL give the same outcomes, statuses, states, wallets and histories', async (t) => {
  const { memory, postgres } = await bothStores(t)
  const seen = new Set<string>()
  let run = 0
  await fc.assert(
    fc.asyncProperty(deedDrafts, cuts, async (drafts, cuts) => {
      run += 1
      const cast = createCast(run)
      const deeds = deedsOf(cast, drafts)
      const [inMemory, inPostgres] = [
        await account(memory, cast, deeds, cuts),
        await account(postgres, cast, deeds, cuts),
      ]
      assert.deepEqual(inPostgres.told, inMemory.told)
      for (const outcome of outcomesOf(inPostgres.done)) seen.add(summary(outcome))
    }),
    seeded(t, RUNS),
  )
  t.ok(run >= RUNS, `${run} runs`)
  for (const what of ['EXECUTED', 'NOT_EXECUTED', 'VERSION_MISMATCH', 'WALLET_FROZEN', 'WALLET_CLOSED'])
    t.ok(seen.has(what), what)
})

/** All that a store says of a run, with times left out. */
async function account(store: WalletStore, cast: Cast, deeds: readonly Deed[], cuts: readonly boolean[]) {
  // Some of them twice, as when two ask at once.
  const opened = await store.open([...cast.owners, ...cast.owners.slice(0, 1)])
  const done = await runDeeds(store, deeds, (index) => cuts[index] === true)
  const used = [...new Map(commandsIn(done).map((command) => [command.transactionID, command])).values()]
  const statuses = await Promise.all(
    used.map(async ({ userID, transactionID }) => (await store.outcome(userID, transactionID)).stored),
  )
  const told = {
    opened: opened.map(({ wallet, created }) => [wallet.userID, wallet.balance, wallet.version, created]),
    done: done.map(timelessDone),
    statuses: statuses.map((stored) => stored && timeless({ ...stored, replayed: true })),
    states: (await store.wallets(cast.users)).map((wallet) => wallet?.state),
    accounts: (await readAccounts(store, cast.users)).map(timelessAccount),
  }
  return { told, done }
}

function timelessDone(done: Done): unknown {
  if (done.kind === 'moved') return done.outcomes.map(timeless)
  const { decision } = done
  return decision.kind === 'rejected'
    ? decision
    : { ...decision, wallet: { ...decision.wallet, createdAt: undefined, updatedAt: undefined } }
}
