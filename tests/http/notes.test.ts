import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, idsOf, openWith, transactionsOf } from '../support/http/wallet-client.ts'

async function setUp(t: Parameters<typeof startHTTP>[0]) {
  const client = createWalletClient((await startHTTP(t)).send)
  await openWith(client, 'ann', 100)
  await openWith(client, 'bob')
  return client
}

t.test('a reference and metadata come back as they were sent, the metadata to the payer alone', async (t) => {
  const client = await setUp(t)
  const transactionID = await client.newID('ann')
  const body = {
    passiveUserID: 'bob',
    amount: 5,
    transactionID,
    reference: '№ 42',
    metadata: { b: '"x"\n', a: '', 7: '8' },
  }
  const first = await client.put('ann', 'transfer', body)
  t.match(first, { status: 200, body: { reference: '№ 42', metadata: body.metadata } })
  const reordered = { ...body, metadata: { 7: '8', a: '', b: '"x"\n' } }
  const again = await client.put('ann', 'transfer', reordered)
  t.equal(again.headers['idempotent-replayed'], 'true')
  t.strictSame(again.raw, first.raw, 'the order of the keys does not matter')
  t.match(transactionsOf(await client.history('ann'))[0], { metadata: body.metadata })
  const [received] = transactionsOf(await client.history('bob'))
  t.equal(received?.reference, '№ 42')
  t.notOk('metadata' in (received ?? {}))
  t.match(await client.status('ann', transactionID), { body: { transaction: { reference: '№ 42' } } })
  for (const more of [{ reference: '№ 43' }, { metadata: { ...body.metadata, a: 'b' } }, { reference: undefined }])
    isProblem(t, await client.put('ann', 'transfer', { ...body, ...more }), 'TRANSACTION_ID_REUSED')
})

t.test('a write without them is answered as before they were there', async (t) => {
  const client = await setUp(t)
  const { body } = await client.deposit('ann', 1)
  const keys = ['id', 'transactionID', 'userID', 'type', 'amount', 'balance', 'passiveUserID', 'createdAt']
  t.strictSame(Object.keys(body), keys)
  const [empty] = [
    await client.put('ann', 'deposit', { amount: 1, transactionID: await client.newID('ann'), metadata: {} }),
  ]
  t.strictSame(Object.keys(empty.body), keys, 'no fields are no metadata')
})

t.test('what is no reference and no metadata is told', async (t) => {
  const client = await setUp(t)
  const put = async (more: object) =>
    client.put('ann', 'deposit', { amount: 1, transactionID: await client.newID('ann'), ...more })
  for (const reference of ['', 'x'.repeat(65), 'a\nb', '\u0000', '\ud800', 5, null])
    isProblem(t, await put({ reference }), 'INVALID_REQUEST', ['/reference'])
  const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, '']))
  const value = 'x'.repeat(500)
  const bytes = (size: number) => ({ a: value, b: value, c: value, d: value, e: 'x'.repeat(size - 4 * 501 - 1) })
  const wrong: readonly [unknown, string][] = [
    [keys(17), '/metadata'],
    [bytes(2049), '/metadata'],
    [{ '': 'x' }, '/metadata'],
    [{ ['x'.repeat(41)]: 'x' }, '/metadata'],
    [{ a: 'x'.repeat(501) }, '/metadata/a'],
    [{ a: '\u0000' }, '/metadata/a'],
    [{ a: '\udc00' }, '/metadata/a'],
    [{ a: 5 }, '/metadata/a'],
    [{ a: { b: 'c' } }, '/metadata/a'],
    ['x', '/metadata'],
    [[], '/metadata'],
  ]
  for (const [metadata, path] of wrong) isProblem(t, await put({ metadata }), 'INVALID_REQUEST', [path])
  const right = [
    ...[keys(16), bytes(2048), { ['😀'.repeat(40)]: '😀'.repeat(400) }],
    ...[{ constructor: 'x', toString: 'y' }, JSON.parse('{"__proto__":"x"}')],
  ]
  for (const metadata of right) t.strictSame((await put({ metadata })).body.metadata, metadata)
  for (const reference of ['x'.repeat(64), '😀'.repeat(64), ' ', '12', 'true'])
    t.equal((await put({ reference })).body.reference, reference)
})

t.test('history is narrowed to a reference, and pages go on below it', async (t) => {
  const client = await setUp(t)
  for (const reference of ['12', 'a b', '12', '12'])
    await client.put('ann', 'deposit', { amount: 1, transactionID: await client.newID('ann'), reference })
  t.strictSame(idsOf(await client.history('ann', '?reference=12')), [5, 4, 2])
  t.strictSame(idsOf(await client.history('ann', '?reference=a%20b')), [3])
  t.strictSame(idsOf(await client.history('ann', '?reference=none')), [])
  const page = await client.history('ann', '?reference=12&limit=2')
  t.match(page, { headers: { link: /[?&]reference=12&/ }, body: { nextIDBefore: 4 } })
  t.strictSame(idsOf(await client.history('ann', '?reference=12&limit=2&IDBefore=4')), [2])
  isProblem(t, await client.history('ann', '?reference='), 'INVALID_REQUEST', ['/reference'])
  isProblem(t, await client.history('ann', '?reference=a&reference=b'), 'INVALID_REQUEST', ['/reference'])
})
