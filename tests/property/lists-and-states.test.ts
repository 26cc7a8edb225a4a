import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { EMPTY } from '../../src/domain/money.ts'
import { forRecipient } from '../../src/domain/note.ts'
import { type Transaction, TransactionType } from '../../src/domain/transaction.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import { stateOf, type WalletState } from '../../src/domain/wallet-state.ts'
import { type Account, readAccounts } from '../support/database/run-commands.ts'
import { NOW, summary } from '../support/domain-builders.ts'
import { createCast, cuts } from '../support/random/random-commands.ts'
import { deedDrafts, deedsOf } from '../support/random/random-deeds.ts'
import { seeded } from '../support/random/random-seed.ts'
import { commandsIn, type Done, outcomesOf, runDeeds } from './run-deeds.ts'

const RUNS = 400

t.test('whatever is asked in lists, on conditions and of wallets of any state, the books are right', async (t) => {
  const seen = new Map<string, number>()
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  await fc.assert(
    fc.asyncProperty(deedDrafts, cuts, async (drafts, cuts) => {
      const cast = createCast(0)
      const store = createMemoryWalletStore(() => NOW)
      await store.open(cast.owners)
      const done = await runDeeds(store, deedsOf(cast, drafts), (index) => cuts[index] === true)
      const accounts = (await readAccounts(store, cast.users)).filter((account) => account !== undefined)
      for (const each of done) if (isWhole(each)) count('a list executed')
      for (const outcome of outcomesOf(done)) count(summary(outcome))
      statesAreKept(done)
      theLedgerIsWhatWasTold(done, accounts)
      transfersShareTheirReference(accounts)
    }),
    seeded(t, RUNS),
  )
  for (const what of [
    ...['a list executed', 'NOT_EXECUTED', 'VERSION_MISMATCH', 'REPLAYED VERSION_MISMATCH', 'WALLET_FROZEN'],
    ...['WALLET_CLOSED', 'PASSIVE_WALLET_CLOSED', 'REPLAYED WALLET_FROZEN'],
  ])
    t.ok((seen.get(what) ?? 0) >= 20, `${what} came about ${seen.get(what) ?? 0} times`)
})

/** Says whether this is a list of some that was executed; fails if a part of one was. */
function isWhole(done: Done): boolean {
  if (done.kind !== 'moved' || !done.atomic) return false
  const executed = done.outcomes.filter((outcome) => outcome.kind === 'executed')
  const isFresh = executed.some(({ replayed }) => !replayed)
  assert.ok(!isFresh || executed.length === done.outcomes.length, 'a part of an atomic list was executed')
  return isFresh && executed.length > 1
}

/** Nothing leaves a wallet that is frozen, nothing goes in or out of one that is closed, and a condition held. */
function statesAreKept(done: readonly Done[]): void {
  const states = new Map<UserID, WalletState>()
  const versions = new Map<UserID, bigint>()
  const stateAt = (userID: UserID | null) => (userID === null ? 'open' : (states.get(userID) ?? 'open'))

  function change({ decision, deed }: Done & { kind: 'changed' }): void {
    const { userID, state } = deed.request
    if (decision.kind === 'rejected') return
    assert.equal(stateOf(decision.wallet), state)
    assert.equal(decision.kind === 'unchanged', stateAt(userID) === state)
    if (state === 'closed') assert.equal(decision.wallet.balance, EMPTY)
    states.set(userID, state)
  }

  function move({ userID, passiveUserID, type }: Transaction, ifVersion: bigint | undefined): void {
    assert.ok(type === TransactionType.Deposit ? stateAt(userID) !== 'closed' : stateAt(userID) === 'open')
    assert.notEqual(stateAt(passiveUserID), 'closed')
    assert.equal(ifVersion ?? versions.get(userID) ?? 0n, versions.get(userID) ?? 0n)
    for (const moved of [userID, passiveUserID])
      if (moved !== null) versions.set(moved, (versions.get(moved) ?? 0n) + 1n)
  }

  for (const each of done) {
    if (each.kind === 'changed') change(each)
    else
      for (const [index, outcome] of each.outcomes.entries())
        if (outcome.kind === 'executed' && !outcome.replayed) move(outcome.transaction, each.commands[index]?.ifVersion)
  }
}

/** Each transaction of a wallet's own is one that someone was told of, once, with the note that was asked for. */
function theLedgerIsWhatWasTold(done: readonly Done[], accounts: readonly Account[]): void {
  const commands = commandsIn(done)
  const told: Transaction[] = []
  for (const [index, outcome] of outcomesOf(done).entries()) {
    if (outcome.kind !== 'executed') continue
    assert.deepEqual(outcome.transaction.note, commands[index]?.movement.note)
    if (!outcome.replayed) told.push(outcome.transaction)
  }
  const kept = accounts.flatMap(({ history }) => history).filter(({ type }) => type !== TransactionType.TransferIn)
  const inOrder = (all: readonly Transaction[]) => all.toSorted((a, b) => (a.transactionID < b.transactionID ? -1 : 1))
  assert.deepEqual(inOrder(kept), inOrder(told))
}

function transfersShareTheirReference(accounts: readonly Account[]): void {
  const all = accounts.flatMap(({ history }) => history)
  const sent = new Map(
    all.filter(({ type }) => type === TransactionType.TransferOut).map((each) => [each.transactionID, each]),
  )
  for (const { type, transactionID, note } of all)
    if (type === TransactionType.TransferIn) assert.deepEqual(note, forRecipient(sent.get(transactionID)?.note))
}
