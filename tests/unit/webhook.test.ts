import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createMemoryDeliveries } from '../../src/adapters/memory/deliveries.ts'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { WEBHOOK_BOUNDS } from '../../src/app/bounds.ts'
import { startWebhook } from '../../src/app/webhook.ts'
import type { FeedPage, FeedQuery } from '../../src/domain/feed.ts'
import { NO_TELEMETRY, type WebhookReading } from '../../src/ports/telemetry.ts'
import type { FeedWait } from '../../src/ports/wallet-service.ts'
import { StoreError } from '../../src/ports/wallet-store.ts'
import type { Deliveries, DeliveryRight } from '../../src/ports/webhook.ts'
import { ANN, command, deposit, transact } from '../contract/store-calls.ts'
import { NOW } from '../support/domain-builders.ts'
import { eventually } from '../support/eventually.ts'

const LIMIT_MS = 20_000
const ORIGIN = 'https://receiver.example'

type Ask = (signal: AbortSignal) => Promise<string | undefined>

/** A ledger, and a receiver that says what a test wants it to; time passes only in what `waits` says. */
async function setUp(t: Test, given: { deliveries?: (real: Deliveries) => Deliveries } = {}) {
  const store = createMemoryWalletStore(() => NOW)
  await store.open([ANN])
  const real = createMemoryDeliveries(store, () => NOW)
  const deliveries = given.deliveries?.(real) ?? real
  await deliveries.begin()
  /** The ids of each message, whether it was taken or not. */
  const posted: number[][] = []
  const waits: number[] = []
  const lines: string[] = []
  const told = { delivered: 0, failed: 0 }
  let reading: (() => WebhookReading) | undefined
  let answer: Ask = async () => undefined
  let gone = false

  async function feed(query: FeedQuery, { signal }: FeedWait) {
    if (gone) return { kind: 'gone' } as const
    const page = await store.feed(query)
    if (page.kind !== 'page' || page.page.transactions.length > 0 || signal?.aborted === true) return page
    await setImmediate()
    return page
  }
  function start() {
    return startWebhook({
      ...{ feed, deliveries, bounds: WEBHOOK_BOUNDS, random: () => 0 },
      read: async () => undefined,
      receiver: {
        origin: ORIGIN,
        post(page: FeedPage, signal) {
          posted.push(page.transactions.map(({ id }) => Number(id)))
          return answer(signal)
        },
      },
      log: {
        info: (text) => void lines.push(`info ${text}`),
        warn: (text) => void lines.push(`warn ${text}`),
        error: (text) => void lines.push(`error ${text}`),
      },
      telemetry: {
        ...NO_TELEMETRY,
        webhook(read) {
          reading = read
          return {
            delivered(count) {
              told.delivered += count
            },
            failed() {
              told.failed += 1
            },
          }
        },
      },
      async sleep(ms) {
        waits.push(ms)
        await setImmediate()
      },
    })
  }
  const webhook = start()
  t.teardown(() => webhook.stop())
  return {
    ...{ posted, waits, lines, told, store, webhook, start, deliveries: real },
    delivers: () => reading?.().delivers,
    answer(next: Ask) {
      answer = next
    },
    setBack(to: boolean) {
      gone = to
    },
    async write(count: number) {
      await transact(store, ...Array.from({ length: count }, () => command(ANN, deposit(1n))))
    },
    until: (what: string, is: () => boolean) => eventually(what, LIMIT_MS, () => (is() ? true : undefined)),
  }
}

const upTo = (last: number, first = 1) => Array.from({ length: last + 1 - first }, (_, index) => first + index)
const NO: Ask = async () => 'answered 500'
const YES: Ask = async () => undefined

t.test('all that is written is posted once and in order, at most a hundred in a message', async (t) => {
  const { posted, write, until, told, delivers } = await setUp(t)
  await write(250)
  await until('all came', () => posted.flat().length >= 250)
  t.strictSame(posted.flat(), upTo(250))
  t.strictSame(
    posted.map(({ length }) => length),
    [100, 100, 50],
  )
  await write(1)
  await until('it goes on', () => told.delivered === 251)
  t.strictSame(posted.at(-1), [251])
  t.match([told.failed, delivers()], [0, true])
})

t.test('a message that was not taken is sent again as it was, and what came meanwhile comes after it', async (t) => {
  const { posted, write, until, answer } = await setUp(t)
  answer(NO)
  await write(3)
  await until('it failed', () => posted.length >= 2)
  await write(2)
  const before = posted.length
  await until('it failed again', () => posted.length >= before + 2)
  t.strictSame(new Set(posted.map(String)), new Set(['1,2,3']))
  answer(YES)
  await until('the others came', () => posted.at(-1)?.[0] === 4)
  t.strictSame(posted.at(-1), [4, 5])
})

t.test('so it is for another instance, which takes over from one that ended in the middle', async (t) => {
  const { posted, write, until, answer, webhook, start } = await setUp(t)
  answer(NO)
  await write(3)
  await until('it failed', () => posted.length >= 1)
  await webhook.stop()
  await write(200)
  answer(YES)
  posted.length = 0
  const other = start()
  t.teardown(() => other.stop())
  await until('all came', () => posted.flat().length >= 203)
  t.strictSame(posted[0], [1, 2, 3])
  t.strictSame(posted.flat(), upTo(203))
})

t.test('the waits between attempts double from a second to a minute, and a success begins anew', async (t) => {
  const { posted, waits, write, until, answer, lines, told } = await setUp(t)
  answer(NO)
  await write(1)
  await until('nine attempts', () => posted.length >= 9)
  answer(YES)
  await until('it was taken', () => told.delivered === 1)
  // With the least of chance, half of 1, 2, 4, 8, 16, 32, 60, 60 s, in steps in which the right is kept.
  const { beatMs } = WEBHOOK_BOUNDS
  t.ok(waits.every((ms) => ms <= beatMs))
  const expected = [500, 1000, 2000, 4000, 5000, 3000, 5000, 5000, 5000, 1000, ...Array(12).fill(5000)]
  t.strictSame(waits.slice(0, expected.length), expected)
  t.equal(told.failed, posted.length - 1)
  t.strictSame(lines.slice(1), [
    `warn the webhook to ${ORIGIN} fails, and is tried again until it is taken: answered 500`,
    `info the webhook to ${ORIGIN} is taken again, after ${posted.length - 1} attempts that failed`,
  ])
  const attempts = posted.length
  answer(NO)
  await write(1)
  waits.length = 0
  await until('it fails again', () => posted.length >= attempts + 2)
  t.equal(waits[0], 500)
})

t.test('of what failed, since when and how often is kept, and forgotten once it is taken', async (t) => {
  const { write, until, answer, webhook, deliveries, posted } = await setUp(t)
  answer(NO)
  await write(1)
  await until('three attempts', () => posted.length >= 3)
  await webhook.stop()
  const right = (await deliveries.take()) as DeliveryRight
  t.match(await right.read(), {
    batchSize: 1,
    deliveredAt: undefined,
    failing: { since: NOW, failures: posted.length, error: 'answered 500' },
  })
})

t.test('a ledger that was set back is told as an error, and nothing is left out or sent', async (t) => {
  const { posted, write, until, lines, setBack, waits } = await setUp(t)
  await write(1)
  await until('it came', () => posted.length === 1)
  setBack(true)
  await write(1)
  await until('it is tried again', () => waits.length > 9)
  t.match(lines.slice(1), [
    /^error the webhook to .* fails.*: the ledger was set back .*docs\/webhooks\.md says how to go on$/,
  ])
  t.equal(posted.length, 1)
  setBack(false)
  await until('it goes on', () => posted.length === 2)
  t.strictSame(posted, [[1], [2]])
})

t.test('that the ledger was set back is told also if the receiver failed before', async (t) => {
  const { write, until, lines, setBack, answer, posted, waits } = await setUp(t)
  answer(NO)
  await write(1)
  await until('it failed', () => posted.length > 0)
  setBack(true)
  const before = waits.length
  await until('it is tried again', () => waits.length > before + 99)
  t.match(lines.slice(1), [/^warn .*: answered 500$/, /^error .* set back/])
  t.equal(lines.length, 3)
})

t.test('one who has not got the right posts nothing, and asks for it until it is free', async (t) => {
  const { posted, write, until, waits, start, webhook } = await setUp(t)
  const other = start()
  t.teardown(() => other.stop())
  await write(1)
  await until('it came, and the other asks', () => posted.length === 1 && waits.length > 3)
  t.strictSame(new Set(waits), new Set([WEBHOOK_BOUNDS.takeMs]))
  await webhook.stop()
  await write(1)
  await until('the other delivers', () => posted.length === 2)
  t.strictSame(posted, [[1], [2]])
})

t.test('a stop lets a message that is under way be answered, and begins no other', async (t) => {
  const { posted, write, until, answer, webhook, told } = await setUp(t)
  let take = () => {}
  answer(
    () =>
      new Promise((resolve) => {
        take = () => resolve(undefined)
      }),
  )
  await write(101)
  await until('it is under way', () => posted.length === 1)
  const stopped = webhook.stop()
  take()
  await stopped
  t.strictSame([posted.length, told.delivered], [1, 100])
})

t.test('a message that gets no answer is cut off soon after a stop, and that is no failure', async (t) => {
  const { posted, write, until, answer, webhook, told } = await setUp(t)
  answer((signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('it was cut off'))))
  await write(1)
  await until('it is under way', () => posted.length === 1)
  await webhook.stop()
  t.strictSame(told, { delivered: 0, failed: 0 })
})

t.test('with the right a message that is under way is cut off, and it is not kept as delivered', async (t) => {
  const lost = new AbortController()
  let takes = 0
  const { posted, write, until, answer, told } = await setUp(t, {
    deliveries: (real) => ({
      ...real,
      async take() {
        takes += 1
        const right = await real.take()
        if (right === undefined || takes > 1) return right
        const keepDelivered = () => Promise.reject(new StoreError('unknown', 'the right was lost'))
        return { ...right, lost: lost.signal, keepDelivered }
      },
    }),
  })
  answer((signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined))))
  await write(1)
  await until('it is under way', () => posted.length === 1)
  answer(YES)
  lost.abort()
  await until('it was sent again', () => told.delivered === 1)
  t.strictSame([posted, takes], [[[1], [1]], 2])
})

t.test('a bug in it is told once, and does not end it', async (t) => {
  let broken = true
  const { posted, write, until, lines, waits } = await setUp(t, {
    deliveries: (real) => ({
      ...real,
      take() {
        if (broken) throw new TypeError('a bug')
        return real.take()
      },
    }),
  })
  await write(1)
  await until('it was tried often', () => waits.length > 5)
  broken = false
  await until('it came', () => posted.length === 1)
  t.strictSame(
    lines.filter((line) => line.startsWith('error')),
    ['error the webhook met an error of ours: TypeError: a bug'],
  )
})
