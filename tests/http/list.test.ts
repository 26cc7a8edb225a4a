import t, { type Test } from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { bearer, createIssuer, trusting } from '../support/http/issuer.ts'
import { errorPaths, isProblem } from '../support/http/problem.ts'
import { codesOf, createWalletClient, openWith, textOf, type WalletClient } from '../support/http/wallet-client.ts'

type Item = Record<string, unknown>

const item = (userID: string, type: number, amount: number, transactionID: string | undefined, more: Item = {}) => ({
  ...{ userID, type, amount, transactionID },
  ...more,
})

async function setUp(t: Test) {
  const http = await startHTTP(t)
  const client = createWalletClient(http.send)
  await openWith(client, 'ann', 100)
  await openWith(client, 'bob')
  return { ...http, client }
}

/** Items with IDs of their own. */
async function fresh(client: WalletClient, ...items: readonly (readonly [string, number, number, Item?])[]) {
  return Promise.all(
    items.map(async ([user, type, amount, more]) => item(user, type, amount, await client.newID(user), more)),
  )
}

t.test('a list does what its items would do alone, in their order, and each result is the answer alone', async (t) => {
  const { client } = await setUp(t)
  const items = await fresh(
    client,
    ['bob', 2, 1],
    ['ann', 4, 60, { passiveUserID: 'bob' }],
    ['bob', 2, 1],
    ['ann', 4, 60, { passiveUserID: 'bob' }],
    ['ann', 1, 5],
    ['nobody', 1, 5],
    ['ann', 4, 1, { passiveUserID: 'nobody' }],
    ['ann', 4, 1, { passiveUserID: 'ann' }],
  )
  const first = await client.list(items)
  const expected = [
    ...['INSUFFICIENT_BALANCE', '200', '200', 'INSUFFICIENT_BALANCE', '200', 'WALLET_NOT_FOUND'],
    ...['PASSIVE_WALLET_NOT_FOUND', 'SELF_TRANSFER'],
  ]
  t.equal(first.status, 200)
  t.strictSame(codesOf(first), expected)
  t.match(await client.wallet('ann'), { body: { balance: 45, version: 3 } })
  t.match(await client.wallet('bob'), { body: { balance: 59, version: 2 } })

  const again = await client.list(items)
  const kept = ['WALLET_NOT_FOUND', 'SELF_TRANSFER']
  t.strictSame(
    codesOf(again),
    expected.map((code) => (kept.includes(code) ? code : `REPLAYED ${code}`)),
  )

  const alone = [
    await client.withdraw('bob', 1, textOf(items[0] ?? {}, 'transactionID')),
    await client.transfer('ann', 'bob', 60, textOf(items[1] ?? {}, 'transactionID')),
  ]
  const results = first.body.results as Item[]
  t.match(alone[0], { status: 422, headers: { 'idempotent-replayed': 'true' } })
  t.equal(alone[0]?.text, JSON.stringify(results[0]?.problem), 'byte for byte')
  t.equal(alone[1]?.text, JSON.stringify(results[1]?.transaction))

  const used = await client.newID('ann')
  const before = await client.deposit('ann', 7, used)
  const [sameID] = (await client.list([item('ann', 1, 7, used), item('ann', 1, 8, used)])).body.results as Item[]
  t.match(sameID, { status: 200, replayed: true })
  t.equal(JSON.stringify(sameID?.transaction), before.text)
})

t.test('an atomic list is executed whole or not at all, and repeated with the same results', async (t) => {
  const { client } = await setUp(t)
  const good = await fresh(client, ['ann', 4, 60, { passiveUserID: 'bob' }], ['bob', 2, 60])
  t.strictSame(codesOf(await client.list(good, { atomic: true })), ['200', '200'])
  t.strictSame(codesOf(await client.list(good, { atomic: true })), ['REPLAYED 200', 'REPLAYED 200'])

  const bad = await fresh(client, ['ann', 1, 1], ['ann', 2, 1000], ['ann', 1, 2])
  const answer = await client.list(bad, { atomic: true })
  t.strictSame(codesOf(answer), ['NOT_EXECUTED', 'INSUFFICIENT_BALANCE', 'NOT_EXECUTED'])
  t.match(answer.body.results, [{ status: 409 }, { status: 422 }, { status: 409 }])
  await client.deposit('ann', 5000)
  t.strictSame(codesOf(await client.list(bad, { atomic: true })), [
    ...['NOT_EXECUTED', 'REPLAYED INSUFFICIENT_BALANCE', 'NOT_EXECUTED'],
  ])
  const unused = textOf(bad[0] ?? {}, 'transactionID')
  t.match(await client.status('ann', unused), { body: { status: 'unused' } })
  t.match(await client.wallet('ann'), { body: { balance: 5040 } })

  const self = await fresh(client, ['ann', 1, 1], ['ann', 4, 1, { passiveUserID: 'ann' }])
  t.strictSame(codesOf(await client.list(self, { atomic: true })), ['NOT_EXECUTED', 'SELF_TRANSFER'])
  const unknown = [item('ann', 1, 1, await client.newID('bob')), ...(await fresh(client, ['ann', 1, 1]))]
  t.strictSame(codesOf(await client.list(unknown, { atomic: true })), ['TRANSACTION_ID_UNKNOWN', 'NOT_EXECUTED'])
  t.match(await client.wallet('ann'), { body: { balance: 5040 } })
})

t.test('a condition in a list is about the wallet as the items before have left it', async (t) => {
  const { client } = await setUp(t)
  const items = await fresh(
    client,
    ['ann', 1, 1, { ifVersion: 1 }],
    ['ann', 1, 1, { ifVersion: 1 }],
    ['ann', 1, 1, { ifVersion: 2 }],
  )
  const answer = await client.list(items)
  t.strictSame(codesOf(answer), ['200', 'VERSION_MISMATCH', '200'])
  t.match(answer.body.results, [{}, { status: 412 }, {}])
})

t.test('what is wrong in a list is told by its place, and nothing of the list is done', async (t) => {
  const { client, send } = await setUp(t)
  const [right] = await fresh(client, ['ann', 1, 1])
  const { transactionID } = right ?? {}
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    '/transactions/1/amount': [right, { ...right, amount: 0 }],
    '/transactions/1': [right, 5],
    '/transactions/0/type': [{ ...right, type: 3 }],
    '/transactions/0/passiveUserID': [{ ...right, type: 4 }],
    '/transactions/2/ifVersion': [right, right, { ...right, ifVersion: -1 }],
    '/transactions/0/reference': [{ ...right, reference: '' }],
    '/transactions/0/metadata': [
      { ...right, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, ''])) },
    ],
    '/transactions/0/metadata/a': [{ ...right, metadata: { a: 1 } }],
    '/transactions/0/more': [{ ...right, more: 1 }],
    '/transactions': [],
  }
  for (const [path, items] of Object.entries(wrong)) isProblem(t, await client.list(items), 'INVALID_REQUEST', [path])
  isProblem(t, await client.list(Array(1001).fill(right)), 'INVALID_REQUEST', ['/transactions'], '1001 items')
  isProblem(t, await client.list([right], { atomic: 1 }), 'INVALID_REQUEST', ['/atomic'])
  isProblem(t, await client.list([right], { other: 1 }), 'INVALID_REQUEST', ['/other'])
  const all = await client.list(Array.from({ length: 1000 }, () => ({ ...right, amount: 'x' })))
  t.equal(errorPaths(all).length, 16, 'at most 16 mistakes are told')
  const path = '/api/v1/transactions'
  const twice = `{"transactions":[{"userID":"ann","type":1,"amount":1,"amount":2,"transactionID":"${transactionID}"}]}`
  isProblem(t, await send({ method: 'PUT', path, body: twice }), 'INVALID_REQUEST')
  const large = await send({ method: 'PUT', path, body: ' '.repeat(512 * 1024 + 1) })
  isProblem(t, large, 'BODY_TOO_LARGE')
  t.equal(large.body.detail, 'The body must not exceed 512 KiB.')
  t.match(await client.wallet('ann'), { body: { balance: 100, version: 1 } })
})

t.test('a thousand items of one wallet are executed in their order, with numbers and names of any kind', async (t) => {
  const { client } = await setUp(t)
  const ids = await client.newIDs('ann', 1000)
  t.equal(new Set(ids).size, 1000)
  const answer = await client.list(ids.map((id, n) => item('ann', 1, n + 1, id, { reference: `${n}` })))
  const results = answer.body.results as { transaction: { id: number; amount: number } }[]
  t.strictSame(
    results.map(({ transaction }) => transaction.id),
    ids.map((_, n) => n + 2),
  )
  t.strictSame(
    results.map(({ transaction }) => transaction.amount),
    ids.map((_, n) => n + 1),
  )
})

t.test('a caller may send what they might send alone; the rest of the list goes on', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  const { send } = await startHTTP(t, { authenticate })
  const as = async (token: string) => createWalletClient((call) => send({ ...call, headers: bearer(token) }))
  const admin = await as(await issuer.admin())
  const ann = await as(await issuer.token('ann'))
  for (const user of ['ann', 'bob']) await openWith(admin, user, 10)
  const list = await fresh(admin, ['ann', 2, 1], ['ann', 1, 5], ['bob', 2, 1], ['ann', 4, 2, { passiveUserID: 'bob' }])
  t.strictSame(codesOf(await ann.list(list)), ['200', 'FORBIDDEN', 'WALLET_NOT_FOUND', '200'])
  const more = await fresh(admin, ['ann', 2, 1], ['bob', 2, 1])
  t.strictSame(codesOf(await ann.list(more, { atomic: true })), ['NOT_EXECUTED', 'WALLET_NOT_FOUND'])
  t.strictSame(codesOf(await admin.list(more, { atomic: true })), ['200', '200'])
  t.match(await admin.wallet('ann'), { body: { balance: 6 } })
})
