import t from 'tap'
import { createProgress } from '../../cli/progress.ts'

function screenAndClock(isTTY: boolean) {
  const written: string[] = []
  const clock = { ms: 0 }
  const progress = createProgress({ isTTY, write: (text) => written.push(text) }, () => clock.ms)
  return { written, clock, progress }
}

t.test('on a terminal progress is a bar that is drawn over itself and taken away at the end', async (t) => {
  const { written, clock, progress } = screenAndClock(true)
  clock.ms = 10_000
  progress.show(0.25)
  clock.ms = 20_000
  progress.show(1)
  progress.end()
  t.same(written, [
    `\r\x1b[2K${'█'.repeat(7)}${'░'.repeat(23)}  25 %, about 30 s left`,
    `\r\x1b[2K${'█'.repeat(30)} 100 %, about 0 s left`,
    '\r\x1b[2K',
  ])
})

t.test('elsewhere progress is a line every five seconds', async (t) => {
  const { written, clock, progress } = screenAndClock(false)
  for (let second = 1; second <= 12; second += 1) {
    clock.ms = second * 1000
    progress.show(second / 12)
  }
  progress.end()
  t.same(written, [' 41 %, about 7 s left\n', ' 83 %, about 2 s left\n'])
})
