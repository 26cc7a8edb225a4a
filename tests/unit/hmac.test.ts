import { createHmac, randomBytes } from 'node:crypto'
import t from 'tap'
import { createHMAC } from '../../src/adapters/signed-transaction-ids/hmac.ts'

const MAX_BYTES = 200
const LONGEST_KEY = 64

t.test('it is HMAC-SHA-256, bit for bit, for keys and texts of every length', async (t) => {
  for (let length = 0; length <= LONGEST_KEY; length += 1) {
    const key = randomBytes(length)
    const sign = createHMAC(key, MAX_BYTES)
    for (let bytes = 0; bytes <= MAX_BYTES; bytes += 7) {
      const text = 'a'.repeat(bytes)
      const right = createHmac('sha256', key).update(text).digest('hex')
      if (sign(text) !== right) t.fail(`a key of ${length} bytes, a text of ${bytes}`)
    }
  }
  t.equal(createHMAC(Buffer.from('key'), MAX_BYTES)('é😀'), createHmac('sha256', 'key').update('é😀').digest('hex'))
})

t.test('a text that came before leaves nothing behind', async (t) => {
  const sign = createHMAC(Buffer.from('key'), MAX_BYTES)
  const short = sign('a')
  sign('b'.repeat(MAX_BYTES))
  t.equal(sign('a'), short)
})

t.test('a text that is too long is turned down, not cut', async (t) => {
  const sign = createHMAC(Buffer.from('key'), MAX_BYTES)
  t.throws(() => sign('é'.repeat(MAX_BYTES)), new RangeError('400 bytes to sign, at most 200 are allowed'))
})

t.test('a key that is longer than a block is turned down', async (t) => {
  t.throws(
    () => createHMAC(Buffer.alloc(LONGEST_KEY + 1), MAX_BYTES),
    new RangeError('the key has 65 bytes, at most 64 are allowed'),
  )
})
