import t from 'tap'
import { after, fromMilliseconds, latest, toInstant } from '../../src/domain/instant.ts'

t.test('a millisecond is a thousand microseconds, before 1970 too', async (t) => {
  t.equal(fromMilliseconds(1_734_321_542_608), 1_734_321_542_608_000n)
  t.equal(fromMilliseconds(-1), -1000n)
})

t.test('a length moves an instant to the microsecond', async (t) => {
  t.equal(after(toInstant(1_734_321_542_608_558n), 1n), 1_734_321_542_608_559n)
  t.equal(after(toInstant(10n), -11n), -1n)
})

t.test('the later of two instants is the latest, whichever comes first', async (t) => {
  t.equal(latest(toInstant(1n), toInstant(2n)), 2n)
  t.equal(latest(toInstant(2n), toInstant(1n)), 2n)
  t.equal(latest(toInstant(2n), toInstant(2n)), 2n)
})
