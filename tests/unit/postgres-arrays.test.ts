import t from 'tap'
import { plainArray, textArray } from '../../src/adapters/postgres/arrays.ts'

const texts = (...items: readonly (string | null)[]) => textArray(items, (item) => item)

t.test('nothing makes an empty array', async (t) => {
  t.equal(
    plainArray([], () => 0),
    '{}',
  )
  t.equal(texts(), '{}')
})

t.test('numbers of any size are written with all their digits', async (t) => {
  t.equal(
    plainArray([1n, -2n, 9_007_199_254_740_993n], (n) => n),
    '{1,-2,9007199254740993}',
  )
  t.equal(
    plainArray([1, 4], (n) => n),
    '{1,4}',
  )
})

t.test('every text is quoted, and NULL is not the text NULL', async (t) => {
  t.equal(texts('a', 'NULL', 'null', '', null), '{"a","NULL","null","",NULL}')
})

t.test('what means something in an array does not in a text', async (t) => {
  t.equal(texts('a,b', '{', '}', ' ', "'"), '{"a,b","{","}"," ","\'"}')
  t.equal(texts('"', '\\', '\\"', '""'), String.raw`{"\"","\\","\\\"","\"\""}`)
  t.equal(texts('$1', '名前', '🦊'), '{"$1","名前","🦊"}')
})
