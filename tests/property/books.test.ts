import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import type { Command } from '../../src/domain/command.ts'
import { after, type Instant } from '../../src/domain/instant.ts'
import { MAX_UNITS } from '../../src/domain/money.ts'
import { movementOf } from '../../src/domain/movement.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { TransactionType } from '../../src/domain/transaction.ts'
import { type Account, readAccounts, runBatches } from '../support/database/run-commands.ts'
import { NOW, summary } from '../support/domain-builders.ts'
import { type Cast, createCast, cuts, drafts, partition } from '../support/random/random-commands.ts'
import { seeded } from '../support/random/random-seed.ts'

/** What a run of random commands left behind. */
interface Books {
  readonly cast: Cast
  readonly commands: readonly Command[]
  readonly outcomes: readonly Outcome[]
  readonly accounts: readonly Account[]
}

/** A clock that goes forth, stands still and goes back. */
const clockSteps = fc.array(fc.bigInt(-5n, 5n), { minLength: 1, maxLength: 20 })
const keptBooks = fc.record({ drafts, cuts, clockSteps })

const RUNS = 400

t.test('whatever is asked in whatever batches, the books are right', async (t) => {
  const seen = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(keptBooks, async ({ drafts, cuts, clockSteps }) => {
      const cast = createCast(0)
      const store = createMemoryWalletStore(unsteadyClock(clockSteps))
      await store.open(cast.owners)
      const commands = cast.commands(drafts)
      const outcomes = await runBatches(store, partition(commands, cuts))
      const accounts = (await readAccounts(store, cast.users)).filter((account) => account !== undefined)
      const books = { cast, commands, outcomes, accounts }
      moneyIsConserved(books)
      historiesAreChains(books)
      transfersHaveBothHalves(books)
      idsHaveOneOutcome(books)
      for (const outcome of outcomes) seen.set(summary(outcome), (seen.get(summary(outcome)) ?? 0) + 1)
    }),
    seeded(t, RUNS),
  )
  for (const outcome of [
    'EXECUTED',
    'REPLAYED EXECUTED',
    'TRANSACTION_ID_REUSED',
    'TRANSACTION_ID_EXPIRED',
    'REPLAYED TRANSACTION_ID_EXPIRED',
    'WALLET_NOT_FOUND',
    'PASSIVE_WALLET_NOT_FOUND',
    'INSUFFICIENT_BALANCE',
    'REPLAYED INSUFFICIENT_BALANCE',
    'BALANCE_LIMIT_EXCEEDED',
  ]) {
    t.ok((seen.get(outcome) ?? 0) >= 20, `${outcome} came about ${seen.get(outcome) ?? 0} times`)
  }
})

/** Money comes in by deposits, goes out by withdrawals, and a transfer neither makes nor loses any. */
function moneyIsConserved({ outcomes, accounts }: Books): void {
  let expected = 0n
  for (const outcome of outcomes) {
    if (outcome.kind !== 'executed' || outcome.replayed) continue
    if (outcome.transaction.type === TransactionType.Deposit) expected += outcome.transaction.amount
    if (outcome.transaction.type === TransactionType.Withdrawal) expected -= outcome.transaction.amount
  }
  assert.equal(
    accounts.reduce((sum, { balance }) => sum + balance, 0n),
    expected,
  )
}

/** Ids without gaps, times that strictly rise, each balance from the one before and within its bounds. */
function historiesAreChains({ cast, accounts }: Books): void {
  assert.deepEqual(
    accounts.map(({ userID }) => userID),
    cast.owners,
  )
  for (const { history, balance, version } of accounts) {
    let running = 0n
    let last: Instant | undefined
    for (const [index, transaction] of history.entries()) {
      const { type, amount, createdAt } = transaction
      assert.equal(transaction.id, BigInt(index + 1))
      assert.ok(last === undefined || createdAt > last, `${createdAt} is not after ${last}`)
      running += type === TransactionType.Deposit || type === TransactionType.TransferIn ? amount : -amount
      assert.equal(transaction.balance, running)
      assert.ok(running >= 0n && running <= MAX_UNITS, `a balance of ${running}`)
      last = createdAt
    }
    assert.equal(balance, running)
    assert.equal(version, BigInt(history.length))
  }
}

function transfersHaveBothHalves({ accounts }: Books): void {
  const all = accounts.flatMap(({ history }) => history)
  const halves = all.filter(({ passiveUserID }) => passiveUserID !== null)
  for (const half of halves) {
    const { type, transactionID, userID, passiveUserID, amount, createdAt } = half
    assert.ok(type === TransactionType.TransferOut || type === TransactionType.TransferIn)
    const others = all.filter((each) => each !== half && each.transactionID === transactionID)
    assert.deepEqual(
      others.map((each) => [each.type, each.userID, each.passiveUserID, each.amount, each.createdAt]),
      [[TransactionType.TransferOut + TransactionType.TransferIn - type, passiveUserID, userID, amount, createdAt]],
    )
  }
}

/** The first use decides; every later answer is a replay of it, a reuse, or says that there is no wallet. */
function idsHaveOneOutcome({ commands, outcomes, accounts }: Books): void {
  const firsts = new Map<string, { readonly command: Command; readonly outcome: Outcome }>()
  for (const [index, command] of commands.entries()) {
    const outcome = outcomes[index]
    assert.ok(outcome !== undefined)
    const first = firsts.get(command.transactionID)
    if (first !== undefined) {
      const expected = isDeepStrictEqual(first.command.movement, command.movement)
        ? { ...first.outcome, replayed: true }
        : { kind: 'rejected', code: 'TRANSACTION_ID_REUSED' }
      assert.deepEqual(outcome, expected)
    } else if (outcome.kind === 'rejected') {
      assert.equal(outcome.code, 'WALLET_NOT_FOUND')
    } else {
      assert.equal(outcome.replayed, false)
      if (outcome.kind === 'executed') assert.deepEqual(movementOf(outcome.transaction), command.movement)
      firsts.set(command.transactionID, { command, outcome })
    }
  }
  const executed = [...firsts.values()].filter(({ outcome }) => outcome.kind === 'executed')
  const acted = accounts.flatMap(({ history }) => history.filter(({ type }) => type !== TransactionType.TransferIn))
  assert.deepEqual(new Set(acted.map((each) => each.transactionID)).size, acted.length, 'an ID moved money twice')
  assert.equal(acted.length, executed.length)
}

function unsteadyClock(steps: readonly bigint[]): () => Instant {
  let now = NOW
  let calls = 0
  return () => {
    now = after(now, steps[calls % steps.length] ?? 0n)
    calls += 1
    return now
  }
}
