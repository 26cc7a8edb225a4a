import t from 'tap'
import { StoreError, type WalletStore } from '../../src/ports/wallet-store.ts'
import { alice, bob, deposit, transactionID, transfer } from '../support/domain-builders.ts'
import { createServiceOverMemory } from '../support/http/service-over-memory.ts'
import { turn } from '../support/probed-batcher.ts'

const OVERLOADED = { kind: 'failed', code: 'OVERLOADED' }
const UNAVAILABLE = { kind: 'failed', code: 'DATABASE_UNAVAILABLE' }
const OUTCOME_UNKNOWN = { kind: 'failed', code: 'OUTCOME_UNKNOWN' }

/** A store whose every answer is this. */
function always(store: WalletStore, answer: () => Promise<never>): WalletStore {
  return { ...store, open: answer, transact: answer, wallets: answer, outcome: answer, history: answer }
}

const never = () => new Promise<never>(() => {})

t.test('overload comes before a transfer to oneself, and that before an unknown ID', async (t) => {
  const { submit, issued } = createServiceOverMemory({ maxQueued: 1, deadlineMs: 2000 }, (store) =>
    always(store, never),
  )
  t.strictSame(await submit(alice, transactionID(1), transfer(1n, alice)), { kind: 'rejected', code: 'SELF_TRANSFER' })
  const flying = submit(alice, issued(alice), deposit(1n))
  await turn()
  const waiting = submit(alice, issued(alice), deposit(1n))
  t.strictSame(await submit(alice, transactionID(1), transfer(1n, alice)), OVERLOADED)
  t.strictSame(await submit(alice, transactionID(1), deposit(1n)), OVERLOADED)
  t.strictSame(await submit(bob, issued(bob), deposit(1n)), OVERLOADED)
  t.strictSame(await flying, OUTCOME_UNKNOWN)
  t.strictSame(await waiting, UNAVAILABLE)
})

t.test('an overloaded request leaves its ID unused', async (t) => {
  let open = () => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const { service, submit, issued } = createServiceOverMemory({ maxQueued: 1 }, (store) => ({
    ...store,
    transact: async (...batch) => {
      await gate
      return store.transact(...batch)
    },
  }))
  await service.open(alice)
  const accepted = [submit(alice, issued(alice), deposit(1n))]
  await turn()
  accepted.push(submit(alice, issued(alice), deposit(1n)))
  const id = issued(alice)
  t.strictSame(await submit(alice, id, deposit(1n)), OVERLOADED)
  open()
  t.match(await Promise.all(accepted), [{ kind: 'executed' }, { kind: 'executed' }])
  t.strictSame(await service.status(alice, id), { kind: 'status', status: { kind: 'unused' } })
  t.match(await submit(alice, id, deposit(2n)), { kind: 'executed', replayed: false })
})

for (const [name, answer] of [
  ['never answers', never],
  ['may have failed at the commit', () => Promise.reject(new StoreError('unknown', 'lost'))],
] as const) {
  t.test(`with a store that ${name} a read is unavailable and a write is unknown`, async (t) => {
    const { service, submit, issued } = createServiceOverMemory({ deadlineMs: 100 }, (store) => always(store, answer))
    const [wallet, status, history, written] = await Promise.all([
      service.wallet(alice),
      service.status(alice, issued(alice)),
      service.history({ userID: alice, limit: 1 }),
      submit(alice, issued(alice), deposit(1n)),
    ])
    t.strictSame(wallet, UNAVAILABLE)
    t.strictSame(status, UNAVAILABLE)
    t.strictSame(history, UNAVAILABLE)
    t.strictSame(written, OUTCOME_UNKNOWN)
    t.match(service.issue(alice), { transactionID: String }, 'an ID is issued without the store')
  })
}

t.test('a store that surely wrote nothing makes everything unavailable', async (t) => {
  const { service, submit, issued } = createServiceOverMemory({ deadlineMs: 100 }, (store) =>
    always(store, () => Promise.reject(new StoreError('no', 'away'))),
  )
  t.strictSame(await Promise.all([service.open(alice), submit(alice, issued(alice), deposit(1n))]), [
    UNAVAILABLE,
    UNAVAILABLE,
  ])
})

t.test('a write whose answer was lost after the commit is done once, and its retry finds that out', async (t) => {
  let lost = 0
  const { service, submit, issued } = createServiceOverMemory({}, (store) => ({
    ...store,
    async transact(...batch) {
      const outcomes = await store.transact(...batch)
      lost += 1
      if (lost === 1) throw new StoreError('unknown', 'the answer was lost')
      return outcomes
    },
  }))
  await service.open(alice)
  t.match(await submit(alice, issued(alice), deposit(5n)), { kind: 'executed', transaction: { balance: 5n } })
  t.equal(lost, 2)
  t.match(await service.wallet(alice), { wallet: { balance: 5n, version: 1n } })
})

t.test('a bug of the store reaches the caller as what it is', async (t) => {
  const bug = new TypeError('a bug')
  const { service, submit, issued } = createServiceOverMemory({}, (store) => always(store, () => Promise.reject(bug)))
  await t.rejects(service.wallet(alice), bug)
  await t.rejects(submit(alice, issued(alice), deposit(1n)), bug)
})
