import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { StoreError } from '../../src/ports/wallet-store.ts'
import { createProbedBatcher, item, turn } from '../support/probed-batcher.ts'

const FIFTH_BACKOFF_MS = 320

const notWritten = () => new StoreError('no', 'the server is away')
const maybeWritten = () => new StoreError('unknown', 'the connection was lost at COMMIT')

t.test('attempts grow apart, so that a server that is away is not hammered', async (t) => {
  const probe = createProbedBatcher()
  const settled = probe.submit(item('a', 'x'))
  for (const attempt of [0, 1, 2, 3]) {
    await probe.untilStarted(attempt + 1)
    probe.fail(attempt, notWritten())
  }
  await probe.untilStarted(5)
  probe.finish(4)
  t.match(await settled, { kind: 'done' })
  const at = probe.startedAtMs()
  const gaps = at.slice(1).map((atMs, index) => atMs - (at[index] ?? 0))
  for (const [index, leastMs] of [20, 40, 80, 160].entries()) {
    // A timer may fire a millisecond early.
    t.ok((gaps[index] ?? 0) >= leastMs - 2, `attempt ${index + 2} came ${gaps[index]} ms after the one before`)
  }
})

t.test('after a success the next failure is tried again soon', async (t) => {
  const probe = createProbedBatcher()
  const first = probe.submit(item('a', 'x'))
  for (const attempt of [0, 1, 2, 3]) {
    await probe.untilStarted(attempt + 1)
    probe.fail(attempt, notWritten())
  }
  await probe.untilStarted(5)
  probe.finish(4)
  await first
  const second = probe.submit(item('b', 'x'))
  await probe.untilStarted(6)
  probe.fail(5, notWritten())
  // The timer of the next attempt is set by now. However late the event loop is, timers strike in their order.
  await turn()
  await delay(FIFTH_BACKOFF_MS)
  t.equal(probe.started().length, 7, 'not after the time that the fifth failure in a row would cost')
  probe.finish(6)
  t.match(await second, { kind: 'done' })
})

t.test('while it waits to try again nothing is sent, and the failed items go first', async (t) => {
  const probe = createProbedBatcher({ concurrency: 2, maxBatch: 1 })
  const all = [probe.submit(item('a', 'x'))]
  await turn()
  probe.fail(0, notWritten())
  await turn()
  all.push(probe.submit(item('b', 'x')), probe.submit(item('c', 'z')))
  await turn()
  t.strictSame(probe.started(), [['a']])
  await probe.untilStarted(3)
  t.strictSame(probe.started(), [['a'], ['a'], ['c']], 'b shares x with a, which came before it')
  probe.finish(1)
  probe.finish(2)
  await probe.untilStarted(4)
  probe.finish(3)
  t.equal((await Promise.all(all)).length, 3)
})

t.test('a failed batch and what came meanwhile may go together, in their order', async (t) => {
  const probe = createProbedBatcher()
  const all = [probe.submit(item('a', 'x')), probe.submit(item('b', 'y'))]
  await turn()
  all.push(probe.submit(item('c', 'x')))
  probe.fail(0, maybeWritten())
  await probe.untilStarted(2)
  t.strictSame(probe.started().at(-1), ['a', 'b', 'c'])
  probe.finish(1)
  t.equal((await Promise.all(all)).length, 3)
})

for (const [name, error, code] of [
  ['that surely wrote nothing', notWritten, 'DATABASE_UNAVAILABLE'],
  ['that may have written', maybeWritten, 'OUTCOME_UNKNOWN'],
] as const) {
  t.test(`attempts ${name} end at the deadline with ${code}`, async (t) => {
    const probe = createProbedBatcher({ deadlineMs: 200 }, () => {
      throw error()
    })
    const start = performance.now()
    t.strictSame(await probe.submit(item('a', 'x')), { kind: 'failed', code })
    const tookMs = performance.now() - start
    const attempts = probe.started().length
    t.ok(tookMs >= 199, `not before the deadline: ${tookMs} ms`)
    t.ok(attempts > 1, `${attempts} attempts`)
    await probe.submit(item('b', 'x'))
    t.ok(
      probe
        .started()
        .slice(attempts)
        .every((names) => names.join() === 'b'),
      'what was answered is not tried again',
    )
  })
}

t.test('one attempt that may have written makes the outcome unknown, whatever the later ones say', async (t) => {
  const probe = createProbedBatcher({ deadlineMs: 200 }, (_names, attempt) => {
    throw attempt === 1 ? maybeWritten() : notWritten()
  })
  t.strictSame(await probe.submit(item('a', 'x')), { kind: 'failed', code: 'OUTCOME_UNKNOWN' })
  t.ok(probe.started().length > 1)
})

t.test(
  'a run that never returns is answered at the deadline: unknown in flight, surely not done in the queue',
  async (t) => {
    const probe = createProbedBatcher({ deadlineMs: 200 })
    const flying = probe.submit(item('a', 'x'))
    await turn()
    const waiting = probe.submit(item('b', 'y'))
    t.strictSame(await flying, { kind: 'failed', code: 'OUTCOME_UNKNOWN' })
    t.strictSame(await waiting, { kind: 'failed', code: 'DATABASE_UNAVAILABLE' })
    t.strictSame(probe.started(), [['a']])
  },
)

t.test('what was given up in the queue is never run afterwards, and leaves its place', async (t) => {
  const probe = createProbedBatcher({ deadlineMs: 500, maxQueued: 1 })
  const flying = probe.submit(item('a', 'x'))
  await turn()
  const waiting = probe.submit(item('b', 'y'))
  t.equal(probe.room(), 0)
  await Promise.all([flying, waiting])
  t.ok(probe.room() > 0)
  probe.finish(0)
  await turn()
  const next = probe.submit(item('c', 'x'))
  await turn()
  t.strictSame(probe.started(), [['a'], ['c']])
  probe.finish(1)
  t.match(await next, { kind: 'done' })
})

t.test('a batch that fails or ends after its deadline disturbs nobody', async (t) => {
  const ends = ['finish', 'fail', 'bug'] as const
  await Promise.all(
    ends.map(async (end) => {
      const probe = createProbedBatcher({ deadlineMs: 500 })
      t.strictSame(await probe.submit(item('a', 'x')), { kind: 'failed', code: 'OUTCOME_UNKNOWN' })
      if (end === 'finish') probe.finish(0)
      else probe.fail(0, end === 'fail' ? maybeWritten() : new TypeError('a bug'))
      const next = probe.submit(item('b', 'x'))
      await probe.untilStarted(2)
      t.strictSame(probe.started(), [['a'], ['b']], `${end}: a is not run again`)
      probe.finish(1)
      t.match(await next, { kind: 'done' })
    }),
  )
})
