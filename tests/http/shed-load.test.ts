import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createHeldStore, uniformBounds } from '../support/held-store.ts'
import { settableClock, startHTTP } from '../support/http.ts'
import { isProblem } from '../support/problem.ts'
import { createWalletClient } from '../support/wallet-client.ts'

/** Longer than the event loop may be late before requests are turned away unread. */
const LATE_MS = 60
const SOON_MS = 20

function keepEventLoopBusy(): void {
  const end = performance.now() + LATE_MS
  while (performance.now() < end);
}

async function setUp(t: Test, options: { readonly waiting: number }) {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const bounds = uniformBounds({ lanes: 1, maxBatch: 1, maxQueued: 1 })
  const { send } = await startHTTP(t, { clock, store: held.store, bounds })
  const client = createWalletClient(send)
  await client.open('ann')
  const ids = await Promise.all(Array.from({ length: options.waiting }, () => client.newID('ann')))
  void held.hold()
  const answers = ids.map((id) => client.deposit('ann', 1, id))
  await delay(SOON_MS)
  t.teardown(async () => {
    held.release()
    await Promise.all(answers)
  })
  return client
}

t.test('with a full queue and a late event loop a write is turned away before it is read', async (t) => {
  const client = await setUp(t, { waiting: 2 })
  isProblem(t, await client.put('ann', 'deposit', '{'), 'INVALID_REQUEST', undefined, 'while the event loop keeps up')
  keepEventLoopBusy()
  for (const kind of ['deposit', 'withdraw', 'transfer'] as const) {
    keepEventLoopBusy()
    isProblem(t, await client.put('ann', kind, '{'), 'OVERLOADED', undefined, kind)
  }
  await delay(SOON_MS)
  isProblem(t, await client.put('ann', 'deposit', '{'), 'INVALID_REQUEST', undefined, 'when it has caught up')
})

t.test('a late event loop alone turns nobody away', async (t) => {
  const client = await setUp(t, { waiting: 1 })
  keepEventLoopBusy()
  isProblem(t, await client.put('ann', 'deposit', '{'), 'INVALID_REQUEST')
})
