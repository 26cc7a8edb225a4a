import type { Test } from 'tap'
import { FIRST_EPOCH } from '../../src/domain/epoch.ts'
import { FEED_START, type FeedPosition } from '../../src/domain/feed.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { KEY_BYTES } from '../../src/ports/transaction-ids.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { eventually } from '../support/eventually.ts'
import { ANN, BOB, balances, command, deposit, executed, transact, transfer, withdraw } from './store-calls.ts'

/** A store of the test's own, and what declares its ledger restored. */
export type CreateRestorable = (t: Test) => Promise<{ store: WalletStore; beginEpoch: () => unknown }>

const WAIT_LIMIT_MS = 10_000

/** What every store promises of a ledger that was restored. */
export function epochsContract(t: Test, create: CreateRestorable, has = { feed: true }): void {
  t.test(
    'a ledger begins in its first epoch, and each restoration begins another one, with a key of its own',
    async (t) => {
      const { store, beginEpoch } = await create(t)
      const { epoch } = await store.outcome(ANN, command(ANN, deposit(1n)).transactionID)
      t.same([await store.epochs(), epoch], [[], FIRST_EPOCH])
      await beginEpoch()
      const [second] = await store.epochs()
      await beginEpoch()
      const [third, before, ...more] = await store.epochs()
      t.same([before, more], [second, []], 'the newest comes first, the others stay')
      t.equal(third?.key.length, KEY_BYTES)
      t.notSame(third?.key, second?.key)
      t.not(third?.epoch, second?.epoch)
      t.equal((await store.outcome(ANN, command(ANN, deposit(1n)).transactionID)).epoch, third?.epoch)
    },
  )

  t.test(
    'what an earlier epoch has executed and refused is replayed, and nothing new is executed with its IDs',
    async (t) => {
      const { store, beginEpoch } = await create(t)
      await store.open([ANN, BOB])
      const paid = command(ANN, deposit(10n))
      const poor = command(ANN, withdraw(11n))
      const before = await transact(store, paid, poor)
      const lost = [command(ANN, deposit(5n)), command(ANN, withdraw(5n)), command(ANN, transfer(BOB, 5n))]
      await beginEpoch()

      t.strictSame(
        await transact(store, paid, poor),
        before.map((outcome) => ({ ...outcome, replayed: true })),
      )
      const refused = await transact(store, ...lost)
      for (const [index, outcome] of refused.entries())
        t.match(outcome, {
          kind: 'refused',
          replayed: false,
          refusal: { code: 'TRANSACTION_ID_RETIRED', movement: lost[index]?.movement },
        })
      t.strictSame(await balances(store, ANN, BOB), [10n, 0n])
      t.strictSame(
        await transact(store, ...lost),
        refused.map((outcome) => ({ ...outcome, replayed: true })),
        'a refusal is the outcome of the ID',
      )
      const epoch = (await store.epochs())[0]?.epoch ?? FIRST_EPOCH
      await executed(store, command(ANN, transfer(BOB, 4n), { epoch }))
      t.strictSame(await balances(store, ANN, BOB), [6n, 4n], 'IDs of the new epoch are good')
    },
  )

  t.test('an ID that is retired and late is retired: that it was never executed can not be said of it', async (t) => {
    const { store, beginEpoch } = await create(t)
    await store.open([ANN])
    await beginEpoch()
    const [late] = await transact(store, command(ANN, deposit(1n), { expiresAt: fromMilliseconds(0) }))
    t.match(late, { kind: 'refused', refusal: { code: 'TRANSACTION_ID_RETIRED' } })
  })

  t.test('an atomic list with a retired ID is not executed, and that one keeps its refusal', async (t) => {
    const { store, beginEpoch } = await create(t)
    await store.open([ANN])
    await beginEpoch()
    const epoch = (await store.epochs())[0]?.epoch ?? FIRST_EPOCH
    const list = [command(ANN, deposit(1n), { epoch }), command(ANN, deposit(2n))]
    const [fresh, retired] = await transact(store, { commands: list, impossible: false })
    t.match(fresh, { kind: 'rejected', code: 'NOT_EXECUTED' })
    t.match(retired, { kind: 'refused', refusal: { code: 'TRANSACTION_ID_RETIRED' } })
    t.strictSame(await balances(store, ANN), [0n])
  })

  if (!has.feed) return

  t.test('cursors of an earlier epoch are gone, though the ledger has what they name', async (t) => {
    const { store, beginEpoch } = await create(t)
    await store.open([ANN])
    for (const units of [1n, 2n, 3n]) await executed(store, command(ANN, deposit(units)))
    const first = await readTo(store, 1n)
    const end = await readTo(store, 3n)
    await beginEpoch()
    for (const after of [first, end]) {
      t.strictSame(await store.feed({ after, limit: 10 }), { kind: 'gone' })
      t.strictSame(await store.feed({ after, limit: 10, userID: BOB }), { kind: 'gone' }, 'also if nothing is wanted')
    }
    const again = await readTo(store, 3n)
    t.match(again, { ...end, epoch: (await store.epochs())[0]?.epoch }, 'read again, they are given again')
    t.strictSame(await store.feedEnd(), again)
    t.strictSame(await store.feed({ after: again, limit: 10 }), {
      kind: 'page',
      page: { transactions: [], next: again },
    })
  })
}

/** The cursor behind the transaction with this id, read from the start. */
async function readTo(store: WalletStore, id: bigint): Promise<FeedPosition> {
  return eventually(`a cursor behind ${id}`, WAIT_LIMIT_MS, async () => {
    const answer = await store.feed({ after: FEED_START, limit: Number(id) })
    return answer.kind === 'page' && answer.page.next.id === id ? answer.page.next : undefined
  })
}
