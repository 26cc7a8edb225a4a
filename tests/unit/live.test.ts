import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { createLive, type LiveBounds } from '../../src/app/live.ts'
import { MAX_NEWS } from '../../src/domain/follow.ts'
import type { Transaction } from '../../src/domain/transaction.ts'
import type { Following } from '../../src/ports/live.ts'
import { ANN, command, deposit, transact } from '../contract/store-calls.ts'
import { NOW } from '../support/domain-builders.ts'
import { eventually } from '../support/eventually.ts'

const BOUNDS: LiveBounds = { followersOfAUser: 9, followers: 9, pollMs: 3_600_000, gatherMs: 0 }
const LIMIT_MS = 20_000

/** A wallet, and followers that say how much they take. */
async function setUp(t: Test, bounds: Partial<LiveBounds> = {}) {
  const store = createMemoryWalletStore(() => NOW)
  await store.open([ANN])
  let reads = 0
  let beforeAnswer = async () => {}
  const live = createLive(
    {
      async news(positions) {
        reads += 1
        const news = await store.news(positions)
        await beforeAnswer()
        return news
      },
    },
    { ...BOUNDS, ...bounds },
  )
  async function deposits(count: number): Promise<void> {
    const commands = Array.from({ length: count }, () => command(ANN, deposit(1n)))
    await transact(store, ...commands)
    live.committed(commands)
  }
  function follow(after: number, takesMore: () => boolean) {
    const ids: number[] = []
    const follower = {
      take(transactions: readonly Transaction[]) {
        ids.push(...transactions.map(({ id }) => Number(id)))
        return takesMore()
      },
      end() {},
    }
    const following = live.follow({ userID: ANN, after: BigInt(after) }, follower) as Following
    t.teardown(() => following.stop())
    const has = (count: number) => eventually(`${count} came`, LIMIT_MS, () => (ids.length >= count ? true : undefined))
    return { ids, following, has }
  }
  return {
    ...{ deposits, follow, live, reads: () => reads },
    /** Is done once, between a read and its answer. */
    onRead(work: () => void) {
      beforeAnswer = async () => {
        beforeAnswer = async () => {}
        work()
      }
    },
  }
}

const upTo = (last: number, first = 1) => Array.from({ length: last + 1 - first }, (_, index) => first + index)

t.test('one who takes everything is told all that there is, however far behind', async (t) => {
  const { deposits, follow } = await setUp(t)
  await deposits(3 * MAX_NEWS + 1)
  const all = follow(0, () => true)
  await all.has(3 * MAX_NEWS + 1)
  await deposits(1)
  await all.has(3 * MAX_NEWS + 2)
  t.strictSame(all.ids, upTo(3 * MAX_NEWS + 2))
})

t.test('one who takes no more is told nothing until it goes on, and holds no one up', async (t) => {
  const { deposits, follow } = await setUp(t)
  await deposits(1)
  const slow = follow(0, () => false)
  const fast = follow(0, () => true)
  await slow.has(1)
  for (let count = 2; count <= 9; count += 1) {
    await deposits(1)
    await fast.has(count)
  }
  t.strictSame(slow.ids, [1])
  slow.following.goOn()
  await slow.has(9)
  t.strictSame([slow.ids, fast.ids], [upTo(9), upTo(9)])
})

t.test('each begins behind its own position, also while others are told', async (t) => {
  const { deposits, follow } = await setUp(t)
  await deposits(2 * MAX_NEWS)
  const starts = [0, 1, MAX_NEWS - 1, MAX_NEWS, MAX_NEWS + 1, 2 * MAX_NEWS - 1]
  const followers = starts.map((after) => follow(after, () => true))
  await deposits(5)
  const last = 2 * MAX_NEWS + 5
  for (const [index, { ids, has }] of followers.entries()) {
    const after = starts[index] ?? 0
    await has(last - after)
    t.strictSame(ids, upTo(last, after + 1), `behind ${after}`)
  }
})

t.test('one that comes while others are read for is told from its own position on', async (t) => {
  const { deposits, follow, onRead } = await setUp(t)
  await deposits(9)
  let late: ReturnType<typeof follow> | undefined
  onRead(() => {
    late = follow(0, () => true)
  })
  await follow(5, () => true).has(4)
  await late?.has(9)
  t.strictSame(late?.ids, upTo(9))
})

t.test('what is committed right after a read is read together, a little later', async (t) => {
  const { deposits, follow, reads } = await setUp(t, { gatherMs: 100 })
  const { ids, has } = follow(0, () => true)
  for (let count = 1; count <= 50; count += 1) await deposits(1)
  await has(50)
  t.strictSame(ids, upTo(50))
  const before = reads()
  t.ok(before < 50, `${before} reads`)
})

t.test('who comes does not wait for what is gathered, and what is gathered comes with it', async (t) => {
  const { deposits, follow, reads } = await setUp(t, { gatherMs: 3_600_000 })
  await deposits(1)
  const first = follow(0, () => true)
  await first.has(1)
  const before = reads()
  await deposits(5)
  await setTimeout(20)
  t.equal(reads(), before)
  await follow(0, () => true).has(6)
  t.strictSame(first.ids, upTo(6))
})

t.test('while no one follows nothing is read, and after the end no one is taken', async (t) => {
  const { deposits, follow, live, reads } = await setUp(t)
  const { following, has } = follow(0, () => true)
  await deposits(1)
  await has(1)
  following.stop()
  following.stop()
  const before = reads()
  await deposits(1)
  await setTimeout(20)
  t.equal(reads(), before)
  live.stop()
  t.equal(live.follow({ userID: ANN, after: 0n }, { take: () => true, end() {} }), 'OVERLOADED')
})
