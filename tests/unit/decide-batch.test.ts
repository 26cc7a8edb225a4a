import t from 'tap'
import type { Command } from '../../src/domain/command.ts'
import { type BatchDecision, decideBatch, type State } from '../../src/domain/decide.ts'
import { after } from '../../src/domain/instant.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import {
  alice,
  bob,
  carol,
  command,
  deposit,
  HOUR,
  NOW,
  stateOf,
  stored,
  summary,
  transactionID,
  transfer,
  wallet,
  withdraw,
} from '../support/domain-builders.ts'

const start = () => [wallet(alice, 10n), wallet(bob, 0n), wallet(carol, 5n)]

/** Commands under IDs 1, 2, 3, … unless they bring their own. */
function batch(...commands: readonly Command[]): Command[] {
  return commands.map((each, index) => ({ ...each, transactionID: transactionID(index + 1) }))
}

function summaries(decision: BatchDecision): string[] {
  return decision.outcomes.map(summary)
}

t.test('an empty batch decides and writes nothing', async (t) => {
  t.strictSame(decideBatch([], stateOf(start()), NOW), {
    outcomes: [],
    writes: { wallets: [], transactions: [], refusals: [] },
  })
})

t.test('a later command sees what the earlier ones did', async (t) => {
  const decision = decideBatch(
    batch(
      command(transfer(10n, bob)),
      command(withdraw(1n)),
      command(transfer(10n, carol), { userID: bob }),
      command(withdraw(15n), { userID: carol }),
    ),
    stateOf(start()),
    NOW,
  )
  t.strictSame(summaries(decision), ['EXECUTED', 'INSUFFICIENT_BALANCE', 'EXECUTED', 'EXECUTED'])
  const balances = decision.writes.wallets.map(({ userID, balance, version }) => [userID, balance, version])
  t.strictSame(balances, [
    [alice, 0n, 8n],
    [bob, 0n, 9n],
    [carol, 0n, 9n],
  ])
})

t.test('each wallet is written once, with its last state, and each transaction once', async (t) => {
  const { writes } = decideBatch(batch(...Array.from({ length: 5 }, () => command(deposit(1n)))), stateOf(start()), NOW)
  t.match(writes.wallets, [{ userID: alice, balance: 15n, version: 12n }])
  t.equal(writes.wallets.length, 1)
  t.strictSame(
    writes.transactions.map(({ id, balance, createdAt }) => [id, balance, createdAt]),
    [8n, 9n, 10n, 11n, 12n].map((id, index) => [id, 11n + BigInt(index), after(NOW, BigInt(index))]),
  )
})

t.test('one ID twice in a batch has one effect, and the second is its replay', async (t) => {
  const twice = decideBatch([command(deposit(3n)), command(deposit(3n))], stateOf(start()), NOW)
  t.strictSame(summaries(twice), ['EXECUTED', 'REPLAYED EXECUTED'])
  t.match(twice.writes, { wallets: [{ balance: 13n }], transactions: [{ id: 8n }] })
  t.equal(twice.writes.transactions.length, 1)

  const refused = decideBatch(
    [command(withdraw(11n)), command(deposit(9n)), command(withdraw(11n))],
    stateOf(start()),
    NOW,
  )
  t.strictSame(summaries(refused), ['INSUFFICIENT_BALANCE', 'TRANSACTION_ID_REUSED', 'REPLAYED INSUFFICIENT_BALANCE'])
  t.equal(refused.writes.refusals.length, 1)
})

t.test('a refusal is its ID’s outcome even when the money comes later in the same batch', async (t) => {
  const decision = decideBatch(
    [command(withdraw(11n)), command(deposit(9n), { transactionID: transactionID(2) }), command(withdraw(11n))],
    stateOf(start()),
    NOW,
  )
  t.strictSame(summaries(decision), ['INSUFFICIENT_BALANCE', 'EXECUTED', 'REPLAYED INSUFFICIENT_BALANCE'])
})

t.test('an ID that met no wallet stays unused for the rest of the batch', async (t) => {
  const stranger = command(deposit(1n))
  const decision = decideBatch([stranger, { ...stranger, movement: deposit(2n) }], stateOf([]), NOW)
  t.strictSame(summaries(decision), ['WALLET_NOT_FOUND', 'WALLET_NOT_FOUND'])
  t.strictSame(decision.writes, { wallets: [], transactions: [], refusals: [] })
})

t.test('a refusal or a rejection concerns its own command only', async (t) => {
  const decision = decideBatch(
    batch(
      command(deposit(1n)),
      command(withdraw(100n)),
      command(deposit(1n), { expiresAt: NOW }),
      command(transfer(1n, bob), { userID: toUserID('nobody') }),
      command(deposit(1n)),
    ),
    stateOf(start()),
    NOW,
  )
  t.strictSame(summaries(decision), [
    'EXECUTED',
    'INSUFFICIENT_BALANCE',
    'TRANSACTION_ID_EXPIRED',
    'WALLET_NOT_FOUND',
    'EXECUTED',
  ])
  t.match(decision.writes.wallets, [{ userID: alice, balance: 12n, version: 9n }])
})

t.test('a batch of n does what n batches of one do', async (t) => {
  const commands = [
    command(deposit(1n)),
    command(transfer(11n, bob), { transactionID: transactionID(2) }),
    command(transfer(11n, bob), { transactionID: transactionID(2) }),
    command(withdraw(1n), { transactionID: transactionID(3) }),
    command(transfer(3n, carol), { userID: bob, transactionID: transactionID(4) }),
    command(deposit(7n), { transactionID: transactionID(4), userID: bob }),
    command(deposit(1n), { transactionID: transactionID(5), expiresAt: after(NOW, -HOUR) }),
    command(transfer(8n, alice), { userID: carol, transactionID: transactionID(6) }),
  ]
  const together = decideBatch(commands, stateOf(start()), NOW)
  const alone = oneByOne(commands, start())
  t.strictSame(together.outcomes, alone.outcomes)
  t.strictSame(together.writes.transactions, alone.transactions)
  t.strictSame(together.writes.refusals, alone.refusals)
  const byTogether = new Map(together.writes.wallets.map((each) => [each.userID, each]))
  for (const each of alone.wallets) t.strictSame(byTogether.get(each.userID) ?? each, each)
})

function oneByOne(commands: readonly Command[], wallets: readonly ReturnType<typeof wallet>[]) {
  const current = new Map(wallets.map((each) => [each.userID, each]))
  const known: ReturnType<typeof stored>[] = []
  const decisions = commands.map((each) => {
    const state: State = stateOf([...current.values()], known)
    const decision = decideBatch([each], state, NOW)
    for (const written of decision.writes.wallets) current.set(written.userID, written)
    for (const outcome of decision.outcomes) if (outcome.kind !== 'rejected') known.push(stored(outcome))
    return decision
  })
  return {
    outcomes: decisions.flatMap(({ outcomes }) => outcomes),
    transactions: decisions.flatMap(({ writes }) => writes.transactions),
    refusals: decisions.flatMap(({ writes }) => writes.refusals),
    wallets: [...current.values()],
  }
}
