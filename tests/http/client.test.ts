import t, { type Test } from 'tap'
import { createWalletClient, TransactionType, WalletProblem } from '../../client/client.ts'
import { listen, SECOND, startHTTP, TTL } from '../support/http/http.ts'

const MAX = 9_007_199_254_740_991n

async function setUp(t: Test) {
  const http = await startHTTP(t)
  const { port } = await listen(t, http)
  const url = `http://127.0.0.1:${port}`
  return { ...http, url, client: createWalletClient({ url }) }
}

/** The problem that a call must end with. */
async function problemOf(call: Promise<unknown>): Promise<WalletProblem> {
  const error = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!(error instanceof WalletProblem)) throw error ?? new Error('it went well')
  return error
}

t.test('money is moved by saying who, to whom and how much', async (t) => {
  const { client } = await setUp(t)
  t.match(await client.open('ann'), { userID: 'ann', balance: 0n, version: 0 })
  await client.open('bob')
  t.match(await client.deposit({ to: 'ann', amount: 5_000_000n }), { id: 1, type: 1, amount: 5_000_000n })
  const transfer = await client.transfer({ from: 'ann', to: 'bob', amount: 1_250_000 })
  t.match(transfer, { type: TransactionType.TransferOut, passiveUserID: 'bob', balance: 3_750_000n })
  t.match(await client.withdraw({ from: 'bob', amount: 250_000 }), { type: 2, balance: 1_000_000n })
  t.match(await client.wallet('ann'), { balance: 3_750_000n, version: 2 })
  t.match(await client.open('ann'), { balance: 3_750_000n }, 'to open an open wallet changes nothing')
})

t.test('the largest amount comes and goes exactly, as bigint and as number', async (t) => {
  const { client } = await setUp(t)
  await client.open('ann')
  t.equal((await client.deposit({ to: 'ann', amount: MAX })).balance, MAX)
  t.equal((await client.withdraw({ from: 'ann', amount: Number(MAX) })).amount, MAX)
})

t.test('what is no amount, no URL or no ID that a URL can hold is never sent', async (t) => {
  let sent = 0
  const fetch = async () => {
    sent += 1
    return new Response()
  }
  const client = createWalletClient({ url: 'http://service', fetch })
  for (const amount of [0, -1, 1.5, Number.NaN, 2 ** 53, 0n, -1n, MAX + 1n])
    await t.rejects(client.deposit({ to: 'ann', amount }), RangeError, String(amount))
  for (const userID of ['', '.', '..']) await t.rejects(client.wallet(userID), RangeError, userID)
  for (const userID of ['', '.', '..']) await t.rejects(client.history(userID).next(), RangeError, userID)
  t.equal(sent, 0)
})

t.test('a URL or a token with which nothing can be sent is refused at once, and not repeated', async (t) => {
  const expected = 'url is not the address of a service: http:// or https://, a host, '
  for (const url of [
    ...['localhost:8080', 'ftp://service/secret', 'http://', 'http:///secret', '/secret', 'secret', 'http://a:secret'],
    ...['http://me:secret@service', 'http://secret@service', 'http://service/secret@x', 'http://a\\@secret'],
    ...['http://service?token=secret', 'http://service/?', 'http://service/#secret', 'http://service/api/v1#'],
    ...[' http://secret', 'http://secret ', 'http://service/a secret', 'http://service\n', 'http://service:99999'],
  ]) {
    const create = () => createWalletClient({ url, fetch })
    t.throws(create, { name: 'TypeError', message: new RegExp(`^${expected}(?!.*secret)`) }, url)
  }
  t.throws(() => createWalletClient({ url: '' }), TypeError, 'only a page has an origin')
  for (const token of [
    '',
    'Bearer secret',
    'secret\n',
    'sécret',
    '名secret',
    'sec\0ret',
    'secret secret',
    'secret==x',
  ]) {
    const create = () => createWalletClient({ url: 'http://service', token })
    t.throws(create, new TypeError('token is not an access token alone, without "Bearer"'), token)
  }
})

t.test('any other user ID arrives as it is', async (t) => {
  const { client } = await setUp(t)
  for (const userID of ['auth0|42', '名前', 'a@b.c', 'a/b', 'a?b#c', '%2e', '...', '{userID}', '<b>&"'])
    t.equal((await client.open(userID)).userID, userID)
})

t.test('the URL may be the one that the service says, with a slash or without', async (t) => {
  const { url } = await setUp(t)
  for (const given of [url, `${url}/`, `${url}/api/v1`, `${url}/api/v1/`])
    t.match(await createWalletClient({ url: given }).open('ann'), { userID: 'ann' }, given)
})

t.test('an answer that says no is a WalletProblem with its code and its transaction ID', async (t) => {
  const { client, clock } = await setUp(t)
  await client.open('ann')
  let asked = ''
  const onTransactionID = (transactionID: string) => {
    asked = transactionID
  }
  const poor = await problemOf(client.withdraw({ from: 'ann', amount: 1 }, { onTransactionID }))
  t.match(poor, { code: 'INSUFFICIENT_BALANCE', status: 422, detail: /balance/, outcome: 'not-executed', errors: [] })
  t.match(poor.message, /^INSUFFICIENT_BALANCE: /)
  t.match(poor.requestID, /-/)
  t.equal(poor.transactionID, asked)
  t.match(await problemOf(client.wallet('nobody')), { code: 'WALLET_NOT_FOUND', status: 404, transactionID: undefined })
  t.match(await problemOf(client.transfer({ from: 'ann', to: 'ann', amount: 1 })), { code: 'SELF_TRANSFER' })
  t.match(await problemOf(client.page('ann', { limit: 0 })), {
    code: 'INVALID_REQUEST',
    errors: [{ path: '/limit', message: 'must be a whole number from 1 to 1000' }],
  })
  const { transactionID } = await client.issue('ann')
  clock.move(TTL)
  t.match(await problemOf(client.deposit({ to: 'ann', amount: 1 }, { transactionID })), {
    code: 'TRANSACTION_ID_EXPIRED',
    transactionID,
  })
})

t.test(
  'a retired ID may have been executed before: it is told so, and no other ID is taken in its place',
  async (t) => {
    const { client, beginEpoch } = await setUp(t)
    await client.open('ann')
    const { transactionID } = await client.issue('ann')
    await beginEpoch()
    const movement = { kind: 'deposit', to: 'ann', amount: 1, transactionID } as const
    const retired = { code: 'TRANSACTION_ID_RETIRED', status: 422, outcome: 'unknown', transactionID }
    t.match(await problemOf(client.deposit({ to: 'ann', amount: 1 }, { transactionID })), retired)
    t.match(await client.submit([movement]), [{ outcome: 'refused', replayed: true, problem: retired }])
    t.match(await client.status('ann', transactionID), { status: 'retired' })
    t.match(await client.wallet('ann'), { balance: 0n })
  },
)

t.test('a field or an option that there is not is told, and nothing is paid under another ID', async (t) => {
  const { client } = await setUp(t)
  await client.open('ann')
  const { transactionID } = await client.issue('ann')
  const misplaced = { to: 'ann', amount: 1, transactionID }
  await t.rejects(client.deposit(misplaced), { name: 'TypeError', message: /^transactionID is no field of a deposit/ })
  const misspelt = { deadlineMs: 5000, transactionId: transactionID }
  await t.rejects(client.deposit({ to: 'ann', amount: 1 }, misspelt), {
    name: 'TypeError',
    message: /^transactionId is no option/,
  })
  const listed = { kind: 'deposit' as const, ...misplaced, referenz: 'x' }
  await t.rejects(client.submit([listed]), { name: 'TypeError', message: /^referenz is no field/ })
  t.match(await client.wallet('ann'), { version: 0 })
})

t.test('who keeps the ID themselves hands it over, as often as they like', async (t) => {
  const { client } = await setUp(t)
  await client.open('ann')
  const { transactionID, expiresAt } = await client.issue('ann')
  t.match(expiresAt, /^2024-12-17T/)
  t.strictSame(await client.status('ann', transactionID), { transactionID, status: 'unused' })
  const first = await client.deposit({ to: 'ann', amount: 5 }, { transactionID })
  t.strictSame(await client.deposit({ to: 'ann', amount: 5 }, { transactionID }), first)
  t.strictSame(await client.status('ann', transactionID), { transactionID, status: 'executed', transaction: first })
  t.match(await problemOf(client.deposit({ to: 'ann', amount: 6 }, { transactionID })), {
    code: 'TRANSACTION_ID_REUSED',
    transactionID,
  })
  const refused = await problemOf(client.withdraw({ from: 'ann', amount: 6 }))
  t.match(await client.status('ann', refused.transactionID ?? ''), {
    status: 'refused',
    refusal: { code: 'INSUFFICIENT_BALANCE' },
  })
  t.match(await client.wallet('ann'), { balance: 5n, version: 1 })
})

t.test('a write is not sent before its ID is kept', async (t) => {
  const { client } = await setUp(t)
  await client.open('ann')
  const onTransactionID = async () => {
    throw new Error('the disk is full')
  }
  await t.rejects(client.deposit({ to: 'ann', amount: 5 }, { onTransactionID }), { message: 'the disk is full' })
  t.match(await client.wallet('ann'), { balance: 0n, version: 0 })
})

t.test('a history is read page by page, without gaps, while others write', async (t) => {
  const { client } = await setUp(t)
  await client.open('ann')
  for (let amount = 1; amount <= 25; amount += 1) await client.deposit({ to: 'ann', amount })
  const ids: number[] = []
  for await (const { id, amount } of client.history('ann', { limit: 4 })) {
    t.equal(amount, BigInt(id))
    ids.push(id)
    if (id % 10 === 0) await client.deposit({ to: 'ann', amount: 100 })
  }
  t.strictSame(
    ids,
    Array.from({ length: 25 }, (_, index) => 25 - index),
  )
})

t.test('a history is narrowed, and a page may be read alone', async (t) => {
  const { client } = await setUp(t)
  await client.open('ann')
  for (let amount = 1; amount <= 4; amount += 1) {
    await client.deposit({ to: 'ann', amount: 2 })
    await client.withdraw({ from: 'ann', amount: 1 })
  }
  const idsOf = async (filters: Parameters<typeof client.history>[1]) => {
    const ids: number[] = []
    for await (const { id } of client.history('ann', filters)) ids.push(id)
    return ids
  }
  t.strictSame(await idsOf({ type: TransactionType.Deposit, limit: 1 }), [7, 5, 3, 1])
  t.strictSame(await idsOf({ type: [1, 2], IDBefore: 4 }), [3, 2, 1])
  t.strictSame(await idsOf({ createdBefore: '2000-01-01T00:00:00+01:00' }), [])
  t.match(await client.page('ann', { limit: 3 }), { transactions: [{ id: 8 }, { id: 7 }, { id: 6 }], nextIDBefore: 6 })
})

t.test('the past is read by moments and periods', async (t) => {
  const { client, clock } = await setUp(t)
  const { createdAt } = await client.open('ann')
  clock.move(SECOND)
  const deposit = await client.deposit({ to: 'ann', amount: MAX })
  clock.move(SECOND)
  await client.withdraw({ from: 'ann', amount: MAX })
  await client.deposit({ to: 'ann', amount: MAX })
  clock.move(SECOND)
  t.match(await client.walletAt('ann', createdAt), { balance: 0n, version: 0, at: createdAt })
  t.match(await client.walletAt('ann', deposit.createdAt), { balance: MAX, version: 1, at: deposit.createdAt })
  t.match(await problemOf(client.walletAt('ann', '2999-01-01T00:00:00Z')), { code: 'INVALID_REQUEST' })
  const year = { from: '2024-01-01T00:00:00+01:00', to: '2025-01-01T00:00:00+01:00' }
  t.strictSame(await client.statement('ann', year), {
    ...{ userID: 'ann', from: '2023-12-31T23:00:00.000000Z', to: '2024-12-31T23:00:00.000000Z' },
    ...{ opening: 0n, closing: MAX, count: 3, firstID: 1, lastID: 3 },
    totals: {
      1: { count: 2, amount: 2n * MAX },
      2: { count: 1, amount: MAX },
      3: { count: 0, amount: 0n },
      4: { count: 0, amount: 0n },
    },
  })
  const { transactions } = await client.page('ann', { createdFrom: deposit.createdAt, createdBefore: year.to })
  t.equal(transactions.length, 3)
})

t.test('a token goes with every attempt, asked for anew where it is a function', async (t) => {
  const { url } = await setUp(t)
  const seen: (string | null)[] = []
  const noting: typeof fetch = (input, init) => {
    seen.push(new Headers(init?.headers).get('authorization'))
    return fetch(input, init)
  }
  await createWalletClient({ url, fetch: noting, token: 'fixed' }).open('ann')
  let count = 0
  const token = async () => {
    count += 1
    return `renewed-${count}`
  }
  const renewed = createWalletClient({ url, fetch: noting, token })
  await renewed.deposit({ to: 'ann', amount: 1 })
  t.strictSame(seen, ['Bearer fixed', 'Bearer renewed-1', 'Bearer renewed-2'])
})
