import t from 'tap'
import { decide } from '../../src/domain/decide.ts'
import { FIRST_EPOCH } from '../../src/domain/epoch.ts'
import { after } from '../../src/domain/instant.ts'
import { MAX_UNITS } from '../../src/domain/money.ts'
import type { StoredOutcome } from '../../src/domain/outcome.ts'
import type { Wallet } from '../../src/domain/wallet.ts'
import {
  alice,
  bob,
  command,
  deposit,
  HOUR,
  LATER_EPOCH,
  NOW,
  stateOf,
  stored,
  summary,
  transfer,
  wallet,
} from '../support/domain-builders.ts'

/** What can be the matter with a transfer, in the contract's order of precedence. */
const CAUSES = [
  'TRANSACTION_ID_REUSED',
  'REPLAYED EXECUTED',
  'TRANSACTION_ID_RETIRED',
  'TRANSACTION_ID_EXPIRED',
  'WALLET_NOT_FOUND',
  'WALLET_CLOSED',
  'WALLET_FROZEN',
  'PASSIVE_WALLET_CLOSED',
  'VERSION_MISMATCH',
  'PASSIVE_WALLET_NOT_FOUND',
  'INSUFFICIENT_BALANCE',
  'BALANCE_LIMIT_EXCEEDED',
] as const
type Cause = (typeof CAUSES)[number]

const ASKED = transfer(10n, bob)

/** Decides a transfer that all of these are the matter with at once. */
function outcomeOf(causes: ReadonlySet<Cause>): string {
  const wallets: Wallet[] = []
  if (!causes.has('WALLET_NOT_FOUND')) {
    const state = causes.has('WALLET_CLOSED') ? 'closed' : causes.has('WALLET_FROZEN') ? 'frozen' : undefined
    wallets.push(wallet(alice, causes.has('INSUFFICIENT_BALANCE') ? 9n : 10n, state && { state }))
  }
  const closed = causes.has('PASSIVE_WALLET_CLOSED')
  // A wallet that is not there is not closed.
  if (closed || !causes.has('PASSIVE_WALLET_NOT_FOUND')) {
    const units = causes.has('BALANCE_LIMIT_EXCEEDED') ? MAX_UNITS - 9n : MAX_UNITS - 10n
    wallets.push(wallet(bob, units, closed ? { state: 'closed' } : {}))
  }
  const known: StoredOutcome[] = []
  if (causes.has('TRANSACTION_ID_REUSED')) known.push(executed(deposit(10n)))
  if (causes.has('REPLAYED EXECUTED')) known.push(executed(ASKED))
  const expiresAt = after(NOW, causes.has('TRANSACTION_ID_EXPIRED') ? 0n : HOUR)
  const condition = causes.has('VERSION_MISMATCH') ? { ifVersion: 41n } : {}
  const epoch = causes.has('TRANSACTION_ID_RETIRED') ? LATER_EPOCH : FIRST_EPOCH
  return summary(decide(command(ASKED, { expiresAt, ...condition }), stateOf(wallets, known, epoch), NOW).outcome)
}

function executed(movement: typeof ASKED): StoredOutcome {
  return stored(decide(command(movement), stateOf([wallet(alice, 10n), wallet(bob, 0n)]), NOW).outcome)
}

t.test('with nothing the matter a transfer is executed, to the last unit on both sides', async (t) => {
  t.equal(outcomeOf(new Set()), 'EXECUTED')
})

for (const [rank, first] of CAUSES.entries()) {
  t.test(`${first} is the answer before all that come after it in the contract`, async (t) => {
    t.equal(outcomeOf(new Set([first])), first, 'alone')
    for (const second of CAUSES.slice(rank + 1)) {
      // One ID has one stored outcome.
      if (first === 'TRANSACTION_ID_REUSED' && second === 'REPLAYED EXECUTED') continue
      t.equal(outcomeOf(new Set([first, second])), first, `with ${second}`)
    }
    const rest = CAUSES.slice(rank + 1).filter((cause) => cause !== 'REPLAYED EXECUTED')
    t.equal(outcomeOf(new Set([first, ...rest])), first, 'with all of them at once')
  })
}

t.test('a deposit is refused as expired before it is refused for its wallet or the limit', async (t) => {
  const expired = command(deposit(1n), { expiresAt: NOW })
  for (const wallets of [[], [wallet(alice, MAX_UNITS)]]) {
    t.equal(summary(decide(expired, stateOf(wallets), NOW).outcome), 'TRANSACTION_ID_EXPIRED')
  }
})
