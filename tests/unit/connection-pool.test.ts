import t from 'tap'
import type { Connection } from '../../src/adapters/postgres/connection.ts'
import { createConnectionPool } from '../../src/adapters/postgres/pool.ts'

/** A pool whose connections lead nowhere, and which of them were given up. */
function setUp(size: number) {
  const discarded: number[] = []
  let opened = 0
  const numbers = new Map<Connection, number>()
  const pool = createConnectionPool(size, async () => {
    opened += 1
    const number = opened
    const connection: Connection = {
      roundTrip: () => Promise.reject(new Error('nothing is sent')),
      isDead: () => discarded.includes(number),
      isDistributed: () => false,
      death: new AbortController().signal,
      discard: () => void discarded.push(number),
      close: async () => {},
    }
    numbers.set(connection, number)
    return connection
  })
  const use = (work: () => Promise<void> | void = () => {}) =>
    pool.use(async (connection) => {
      await work()
      return numbers.get(connection)
    })
  return { pool, use, discarded }
}

t.test('a connection is used again, and one that dies at rest is replaced', async (t) => {
  const { use, discarded } = setUp(1)
  t.strictSame([await use(), await use()], [1, 1])
  discarded.push(1)
  t.equal(await use(), 2)
})

t.test('no more than there may be are open at once; who comes later waits', async (t) => {
  const { pool, use } = setUp(2)
  const all = Array.from({ length: 5 }, () => use())
  t.match(pool.reading(), { inUse: 2, waiting: 3 })
  t.ok((await Promise.all(all)).every((number) => number === 1 || number === 2))
  t.match(pool.reading(), { inUse: 0, idle: 2, waiting: 0 })
})

t.test('when work fails its connection is given up', async (t) => {
  const { use, discarded } = setUp(1)
  await t.rejects(use(() => Promise.reject(new Error('no'))))
  t.strictSame(discarded, [1])
  t.equal(await use(), 2)
})

t.test('when all are renewed, those at rest go at once and those in use after their work', async (t) => {
  const { pool, use, discarded } = setUp(2)
  await Promise.all([use(), use()])
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const working = use(() => finished)
  pool.renew()
  t.equal(discarded.length, 1, 'the one at rest')
  finish()
  await working
  t.strictSame(discarded.sort(), [1, 2])
  t.equal(await use(), 3)
})
