import t from 'tap'
import { createCounter } from '../../cli/progress.ts'

function setUp(isTTY: boolean) {
  const written: string[] = []
  const clock = { ms: 0 }
  const counter = createCounter({ isTTY, write: (text) => written.push(text) }, 'transactions', () => clock.ms)
  return { written, clock, counter }
}

t.test('on a terminal the count stands in one line, and is gone at the end', async (t) => {
  const { written, clock, counter } = setUp(true)
  clock.ms = 1000
  counter.show(5000)
  counter.show(5001)
  clock.ms = 2000
  counter.show(9000)
  counter.end()
  t.strictSame(written, [
    '\r\x1b[2K5000 transactions, 4995 a second',
    '\r\x1b[2K9000 transactions, 4498 a second',
    '\r\x1b[2K',
  ])
})

t.test('elsewhere there is a line every five seconds, and none for what is soon done', async (t) => {
  const { written, clock, counter } = setUp(false)
  counter.show(1)
  clock.ms = 4999
  counter.show(2)
  clock.ms = 5000
  counter.show(10_000)
  counter.end()
  t.strictSame(written, ['10000 transactions, 2000 a second\n'])
})
