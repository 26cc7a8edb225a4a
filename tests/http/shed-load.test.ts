import t, { type Test } from 'tap'
import { eventually } from '../support/eventually.ts'
import { createHeldStore, uniformBounds } from '../support/http/held-store.ts'
import { settableClock, startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient } from '../support/http/wallet-client.ts'

/** Longer than the event loop may be late before requests are turned away unread. */
const LATE_MS = 60

/** A service with `waiting` deposits under way: it executes one, one may wait, and it is full. */
async function setUp(t: Test, options: { readonly waiting: number }) {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const bounds = uniformBounds({ concurrency: 1, maxBatch: 1, maxQueued: 1 })
  const eventLoop = { lateMs: 0 }
  const { send, service } = await startHTTP(t, {
    clock,
    store: held.store,
    bounds,
    eventLoopLatenessMs: () => eventLoop.lateMs,
  })
  const client = createWalletClient(send)
  await client.open('ann')
  const first = await client.newID('ann')
  const others = await Promise.all(Array.from({ length: options.waiting - 1 }, () => client.newID('ann')))
  const reached = held.hold()
  const answers = [client.deposit('ann', 1, first)]
  await reached
  answers.push(...others.map((id) => client.deposit('ann', 1, id)))
  await eventually('the queue is as full as it gets', 20_000, () =>
    service.isOverloaded() === options.waiting > 1 ? true : undefined,
  )
  t.teardown(async () => {
    held.release()
    await Promise.all(answers)
  })
  return { client, eventLoop }
}

t.test('with a full queue and a late event loop a write is turned away before it is read', async (t) => {
  const { client, eventLoop } = await setUp(t, { waiting: 2 })
  isProblem(t, await client.put('ann', 'deposit', '{'), 'INVALID_REQUEST', undefined, 'while the event loop keeps up')
  eventLoop.lateMs = LATE_MS
  for (const kind of ['deposit', 'withdraw', 'transfer'] as const)
    isProblem(t, await client.put('ann', kind, '{'), 'OVERLOADED', undefined, kind)
  eventLoop.lateMs = 0
  isProblem(t, await client.put('ann', 'deposit', '{'), 'INVALID_REQUEST', undefined, 'when it has caught up')
})

t.test('a late event loop alone turns no one away', async (t) => {
  const { client, eventLoop } = await setUp(t, { waiting: 1 })
  eventLoop.lateMs = LATE_MS
  isProblem(t, await client.put('ann', 'deposit', '{'), 'INVALID_REQUEST')
})
