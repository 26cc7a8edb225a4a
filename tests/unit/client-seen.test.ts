import t from 'tap'
import { createSeen } from '../../client/seen.ts'

const wallet = (userID: string, version: number, state?: 'frozen') => ({ userID, version, ...(state && { state }) })
const transaction = (userID: string, id: number) => ({ userID, id })
const asking = (version: number) => ({ 'wallet-version-min': String(version) })
const ANSWER_OF_NOW = {}

t.test(
  'of a wallet that was never read an answer of now is asked for, and then the newest version that was seen',
  async (t) => {
    const seen = createSeen()
    t.strictSame(seen.headers('ann'), ANSWER_OF_NOW)
    seen.transaction(transaction('ann', 7))
    t.strictSame(seen.headers('ann'), ANSWER_OF_NOW, 'a transaction may be long ago')
    seen.current(wallet('ann', 6), seen.now())
    t.strictSame(seen.headers('ann'), asking(7))
    seen.transaction(transaction('ann', 9))
    seen.transaction(transaction('ann', 3))
    seen.current(wallet('ann', 8), seen.now())
    t.strictSame(seen.headers('ann'), asking(9))
    t.strictSame(seen.headers('bob'), ANSWER_OF_NOW)
  },
)

t.test('what is seen while a read is under way, that read can not make forgotten', async (t) => {
  const seen = createSeen()
  for (const see of [() => seen.transaction(transaction('ann', 8)), () => seen.version('bob', 8)]) {
    const before = seen.now()
    see()
    for (const user of ['ann', 'bob']) seen.current(wallet(user, 7), before)
  }
  t.strictSame(['ann', 'bob'].map(seen.headers), [asking(8), asking(8)])
  seen.changed('ann')
  seen.transaction(transaction('ann', 12))
  seen.current(wallet('ann', 11), seen.now())
  t.strictSame(seen.headers('ann'), asking(12))
})

t.test('after a change of unknown version only a read that was begun later counts', async (t) => {
  const seen = createSeen()
  seen.current(wallet('ann', 7), seen.now())
  const before = seen.now()
  seen.changed('ann')
  t.strictSame(seen.headers('ann'), ANSWER_OF_NOW)
  seen.current(wallet('ann', 7), before)
  t.strictSame(seen.headers('ann'), ANSWER_OF_NOW)
  const after = seen.now()
  seen.changed('bob')
  seen.current(wallet('ann', 8), after)
  t.strictSame(seen.headers('ann'), asking(8))
})

t.test('of a wallet that is not open an answer of now is asked for, until it was seen open', async (t) => {
  const seen = createSeen()
  seen.current(wallet('ann', 7), seen.now())
  const before = seen.now()
  seen.current(wallet('ann', 7, 'frozen'), seen.now())
  seen.current(wallet('ann', 7), before)
  t.strictSame(seen.headers('ann'), ANSWER_OF_NOW)
  seen.current(wallet('ann', 7), seen.now())
  t.strictSame(seen.headers('ann'), asking(7))
})

t.test('so many wallets are remembered, those that were seen last, and a forgotten one is learned anew', async (t) => {
  const seen = createSeen(2)
  const before = seen.now()
  for (const user of ['ann', 'bob']) seen.current(wallet(user, 1), seen.now())
  seen.transaction(transaction('ann', 2))
  seen.current(wallet('cho', 1), seen.now())
  t.strictSame(['ann', 'bob', 'cho'].map(seen.headers), [asking(2), ANSWER_OF_NOW, asking(1)])
  seen.current(wallet('bob', 0), before)
  t.strictSame(seen.headers('bob'), ANSWER_OF_NOW, 'it was newer once')
  seen.current(wallet('bob', 1), seen.now())
  t.strictSame(seen.headers('bob'), asking(1))
})
