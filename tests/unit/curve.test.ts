import fc from 'fast-check'
import t from 'tap'
import { spacedIDs } from '../../src/domain/curve.ts'

t.test('few ids stand for themselves', async (t) => {
  t.strictSame(spacedIDs({ from: 1n, before: 1n }, 5), [])
  t.strictSame(spacedIDs({ from: 3n, before: 4n }, 2), [3n])
  t.strictSame(spacedIDs({ from: 3n, before: 8n }, 5), [3n, 4n, 5n, 6n, 7n])
})

t.test('of many ids there are as many as were asked for, rising, evenly, from the first to the last', async () => {
  const many = fc.record({
    from: fc.bigInt(1n, 10n ** 15n),
    count: fc.bigInt(1n, 10n ** 15n),
    points: fc.integer({ min: 2, max: 500 }),
  })
  fc.assert(
    fc.property(many, ({ from, count, points }) => {
      const ids = spacedIDs({ from, before: from + count }, points)
      const wanted = Math.min(points, Number(count))
      const gaps = ids.slice(1).map((id, index) => id - (ids[index] ?? 0n))
      const [least, most] = [gaps.reduce((a, b) => (a < b ? a : b), count), gaps.reduce((a, b) => (a > b ? a : b), 1n)]
      return (
        ids.length === wanted &&
        ids[0] === from &&
        ids.at(-1) === from + count - 1n &&
        (gaps.length === 0 || (least >= 1n && most - least <= 1n))
      )
    }),
  )
})
