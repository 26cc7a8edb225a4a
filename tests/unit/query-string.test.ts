import t from 'tap'
import { parseQueryString } from '../../src/adapters/fastify/wire/query-string.ts'

const parse = (text: string) => ({ ...parseQueryString(text) })

t.test('an integer as it is written becomes a number, up to 16 digits', async (t) => {
  t.strictSame(parse('limit=0&a=7&b=100&c=9007199254740991'), { limit: 0, a: 7, b: 100, c: 9_007_199_254_740_991 })
})

t.test('everything else stays text, for the schema to turn down', async (t) => {
  for (const text of ['', '01', '+1', '-1', '1.0', '1e3', '0x10', '1_000', '12345678901234567', 'true', 'null', '١']) {
    t.strictSame(parse(`limit=${encodeURIComponent(text)}`), { limit: text }, JSON.stringify(text))
  }
  t.strictSame(parse('limit=+1'), { limit: ' 1' }, 'a plus is a space')
  t.strictSame(parse('limit'), { limit: '' })
})

t.test('a type is always a list, however often it stands', async (t) => {
  t.strictSame(parse('type=1'), { type: [1] })
  t.strictSame(parse('type=1&limit=5&type=4'), { type: [1, 4], limit: 5 })
  t.strictSame(parse('type='), { type: [''] })
})

t.test('any other key that stands twice becomes a list, and none of its values is dropped', async (t) => {
  t.strictSame(parse('limit=1&limit=2'), { limit: [1, 2] })
})

t.test('keys and values are percent-decoded', async (t) => {
  t.strictSame(parse('created%41fter=2024-12-16T12%3A00%3A00%2B02%3A00'), { createdAfter: '2024-12-16T12:00:00+02:00' })
})

t.test('no key reaches a prototype', async (t) => {
  const query = parseQueryString('__proto__=1&constructor=2')
  t.equal(Object.getPrototypeOf(query), null)
  t.strictSame(Object.entries(query), [
    ['__proto__', 1],
    ['constructor', 2],
  ])
})

t.test('no query string is no query', async (t) => {
  t.strictSame(parse(''), {})
})
