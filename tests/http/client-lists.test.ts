import t, { type Test } from 'tap'
import { createWalletClient, type ListedMovement, WalletProblem, WalletUnsettled } from '../../client/client.ts'
import { listen, startHTTP } from '../support/http/http.ts'

interface Sent {
  readonly method: string | undefined
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** A client that notes what it sends. */
async function setUp(t: Test) {
  const http = await startHTTP(t)
  const { port } = await listen(t, http)
  const sent: Sent[] = []
  const noting: typeof fetch = (input, init) => {
    const { pathname } = new URL(String(input))
    const body = typeof init?.body === 'string' ? init.body : undefined
    sent.push({ method: init?.method, path: pathname, headers: Object.fromEntries(new Headers(init?.headers)), body })
    return fetch(input, init)
  }
  const client = createWalletClient({ url: `http://127.0.0.1:${port}`, fetch: noting })
  for (const user of ['ann', 'bob']) await client.open(user)
  await client.deposit({ to: 'ann', amount: 100 })
  sent.length = 0
  return { client, sent, ...http }
}

async function errorOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'it went well',
    (error: unknown) => error,
  )
}

t.test('a reference and metadata go with a movement, and are in what comes back', async (t) => {
  const { client, sent } = await setUp(t)
  const note = { reference: 'order-1042', metadata: { channel: 'web', orderID: '1042' } }
  const out = await client.transfer({ from: 'ann', to: 'bob', amount: 5, ...note })
  t.match(out, { type: 4, ...note })
  t.match(await client.deposit({ to: 'bob', amount: 1, reference: 'other' }), { reference: 'other' })
  const { transactions } = await client.page('bob', { reference: 'order-1042' })
  t.match(transactions, [{ type: 3, reference: 'order-1042' }])
  t.equal(transactions.length, 1)
  t.equal(transactions[0]?.metadata, undefined, "the payer's own")
  t.match(await client.withdraw({ from: 'bob', amount: 1, metadata: { a: '' } }), { metadata: { a: '' } })
  const { transactionID } = out
  const other = client.transfer({ from: 'ann', to: 'bob', amount: 5 }, { transactionID })
  t.match(await errorOf(other), { code: 'TRANSACTION_ID_REUSED' }, 'they are a part of the movement')
  t.equal(sent[1]?.body?.includes('"reference":"order-1042"'), true)
})

t.test('what is not given is not sent', async (t) => {
  const { client, sent } = await setUp(t)
  const { transactionID } = await client.issue('ann')
  sent.length = 0
  await client.withdraw({ from: 'ann', amount: 1 }, { transactionID })
  const { transactionID: another } = await client.issue('ann')
  await client.transfer({ from: 'ann', to: 'bob', amount: 1 }, { transactionID: another })
  t.strictSame(sent[0], {
    method: 'PUT',
    path: '/api/v1/users/ann/wallet/withdraw',
    headers: { 'content-type': 'application/json' },
    body: `{"amount":1,"transactionID":"${transactionID}"}`,
  })
  t.equal(sent[2]?.body, `{"passiveUserID":"bob","amount":1,"transactionID":"${another}"}`)
})

t.test('a movement may be made on a condition, which ends like any refusal if it does not hold', async (t) => {
  const { client, sent } = await setUp(t)
  t.match(await client.withdraw({ from: 'ann', amount: 1, ifVersion: 1 }), { id: 2 })
  t.equal(sent.at(-1)?.headers['if-match'], '"1"')
  t.notMatch(sent.at(-1)?.body, 'ifVersion')
  const refused = await errorOf(client.withdraw({ from: 'ann', amount: 1, ifVersion: 1 }))
  t.match(refused, { name: 'WalletProblem', code: 'VERSION_MISMATCH', status: 412, outcome: 'not-executed' })
  t.match(await client.deposit({ to: 'bob', amount: 1, ifVersion: 0 }), { id: 1 })
})

t.test('IDs are issued many at once', async (t) => {
  const { client, sent } = await setUp(t)
  const { transactionIDs, expiresAt } = await client.issueMany('ann', 1000)
  t.equal(new Set(transactionIDs).size, 1000)
  t.match(expiresAt, /^2024-12-17T/)
  t.equal(sent.length, 1)
  t.match(await client.deposit({ to: 'ann', amount: 1 }, { transactionID: transactionIDs[999] ?? '' }), { id: 2 })
  t.match(await errorOf(client.issueMany('ann', 0)), { code: 'INVALID_REQUEST', errors: [{ path: '/count' }] })
})

t.test('a wallet is frozen, closed and opened with a reason', async (t) => {
  const { client } = await setUp(t)
  t.match(await client.setState('ann', { state: 'frozen', reason: 'stolen' }), { userID: 'ann', state: 'frozen' })
  t.match(await client.wallet('ann'), { state: 'frozen', balance: 100n })
  t.match(await errorOf(client.withdraw({ from: 'ann', amount: 1 })), { code: 'WALLET_FROZEN' })
  const closing = client.setState('ann', { state: 'closed', reason: 'gone' })
  t.match(await errorOf(closing), { code: 'WALLET_NOT_EMPTY', status: 409, outcome: 'not-executed' })
  t.notHas(await client.setState('ann', { state: 'open', reason: 'found' }), 'state')
})

t.test('a list has a result for each movement, executed or refused, and may be sent again', async (t) => {
  const { client, sent } = await setUp(t)
  const { transactionIDs } = await client.issueMany('ann', 3)
  const [first = '', second = '', third = ''] = transactionIDs
  const { transactionID: bobs } = await client.issue('bob')
  const list: readonly ListedMovement[] = [
    { kind: 'transfer', from: 'ann', to: 'bob', amount: 60n, transactionID: first, reference: 'pay', ifVersion: 1 },
    { kind: 'withdraw', from: 'ann', amount: 60, transactionID: second, metadata: { a: 'b' } },
    { kind: 'deposit', to: 'ann', amount: 5, transactionID: third },
    { kind: 'withdraw', from: 'bob', amount: 60, transactionID: bobs },
  ]
  sent.length = 0
  const results = await client.submit(list)
  t.equal(sent.length, 1)
  t.match(results, [
    { outcome: 'executed', replayed: false, transaction: { amount: 60n, balance: 40n, reference: 'pay' } },
    {
      outcome: 'refused',
      replayed: false,
      problem: { name: 'WalletProblem', code: 'INSUFFICIENT_BALANCE', status: 422, transactionID: second },
    },
    { outcome: 'executed', transaction: { type: 1, balance: 45n } },
    { outcome: 'executed', transaction: { userID: 'bob', balance: 0n } },
  ])
  const again = await client.submit(list)
  t.strictSame(
    again.map((each) => each.replayed),
    [true, true, true, true],
  )
  t.match(
    again,
    results.map(({ replayed: _, ...each }) => ({ outcome: each.outcome })),
  )
  t.match(await client.wallet('ann'), { balance: 45n, version: 3 })
})

t.test('an atomic list is executed as a whole, or not at all', async (t) => {
  const { client } = await setUp(t)
  const listOf = async (amount: number): Promise<readonly ListedMovement[]> => {
    const { transactionIDs } = await client.issueMany('ann', 2)
    return transactionIDs.map((transactionID) => ({ kind: 'transfer', from: 'ann', to: 'bob', amount, transactionID }))
  }
  const tooMuch = await client.submit(await listOf(51), { atomic: true })
  t.match(tooMuch, [
    { problem: { code: 'NOT_EXECUTED', status: 409, outcome: 'not-executed' } },
    { problem: { code: 'INSUFFICIENT_BALANCE' } },
  ])
  t.match(await client.wallet('ann'), { balance: 100n })
  t.match(await client.submit(await listOf(50), { atomic: true }), [{ outcome: 'executed' }, { outcome: 'executed' }])
  t.match(await client.wallet('ann'), { balance: 0n })
})

t.test('a malformed list is refused as a whole, and what is no amount is never sent', async (t) => {
  const { client, sent } = await setUp(t)
  const { transactionID } = await client.issue('ann')
  sent.length = 0
  const wrong: ListedMovement = { kind: 'deposit', to: 'ann', amount: 1, transactionID, reference: '' }
  t.match(await errorOf(client.submit([{ ...wrong, reference: 'a' }, wrong])), {
    ...{ code: 'INVALID_REQUEST', outcome: 'not-executed' },
    errors: [{ path: '/transactions/1/reference' }],
  })
  t.equal(sent.length, 1)
  await t.rejects(client.submit([{ ...wrong, amount: 0 }]), RangeError)
  t.equal(sent.length, 1)
  t.match(await client.wallet('ann'), { version: 1 })
})

const ID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
const ID2 = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9e'
const LIST: readonly ListedMovement[] = [ID, ID2].map((transactionID) => ({
  ...{ kind: 'deposit', to: 'ann', amount: 1, transactionID },
}))
const executed = (transactionID: string) => ({
  ...{ status: 200, replayed: false },
  transaction: {
    ...{ id: 1, transactionID, userID: 'ann', type: 1, amount: 1, balance: 1, passiveUserID: null },
    createdAt: '2024-12-16T03:59:02.608558Z',
  },
})
const refused = (status: number, code: string) => ({
  ...{ status, replayed: false },
  problem: { type: 'x', title: 'x', status, code, detail: 'x', instance: 'x' },
})

/** A client whose requests are answered with these, one after the other; the last one for ever. */
function scripted(answers: readonly (() => Response)[]) {
  const bodies: unknown[] = []
  const fake: typeof fetch = async (_input, init) => {
    bodies.push(init?.body)
    const answer = answers[Math.min(bodies.length, answers.length) - 1]
    if (answer === undefined) throw new Error('no answer is left')
    return answer()
  }
  return { bodies, client: createWalletClient({ url: 'http://service', fetch: fake, deadlineMs: 1000 }) }
}
const results = (...all: object[]) => Response.json({ results: all })

t.test('the same list is sent again until each outcome is known', async (t) => {
  const whole = () => results(executed(ID), executed(ID2))
  for (const [what, answer] of [
    ['one outcome is not known', () => results(executed(ID), refused(503, 'OUTCOME_UNKNOWN'))],
    ['the database was away', () => results(refused(503, 'DATABASE_UNAVAILABLE'), executed(ID2))],
    ['a result is missing', () => results(executed(ID))],
    ['a result is of another movement', () => results(executed(ID2), executed(ID))],
    ['a result says nothing', () => results(executed(ID), { status: 200, replayed: false })],
    ['it has no room', () => Response.json(refused(503, 'OVERLOADED').problem, { status: 503 })],
    ['a proxy answers', () => new Response('<h1>', { status: 502 })],
    ['half an answer', () => new Response('{"results":[')],
    [
      'a lost answer',
      () => {
        throw new TypeError('fetch failed')
      },
    ],
  ] as const) {
    const { bodies, client } = scripted([answer, answer, whole])
    t.match(await client.submit(LIST), [{ outcome: 'executed' }, { outcome: 'executed' }], what)
    t.equal(bodies.length, 3, what)
    t.equal(new Set(bodies).size, 1, 'it is the same list')
  }
})

t.test(
  'past the deadline the list as a whole is unsettled, and surely not executed only if no attempt may have been',
  async (t) => {
    for (const [answer, outcome] of [
      [() => results(executed(ID), refused(503, 'OUTCOME_UNKNOWN')), 'unknown'],
      [() => Response.json(refused(503, 'OVERLOADED').problem, { status: 503 }), 'not-executed'],
    ] as const) {
      const { client } = scripted([answer])
      const error = await errorOf(client.submit(LIST, { deadlineMs: 150 }))
      if (!(error instanceof WalletUnsettled)) throw error
      t.match(error, { reason: 'deadline', outcome, transactionID: undefined })
    }
  },
)

t.test('what a result says of earlier attempts is what an answer of its own would', async (t) => {
  const lost = () => {
    throw new TypeError('fetch failed')
  }
  for (const [status, code, before, after] of [
    [422, 'INSUFFICIENT_BALANCE', 'not-executed', 'not-executed'],
    [412, 'VERSION_MISMATCH', 'not-executed', 'not-executed'],
    [409, 'NOT_EXECUTED', 'not-executed', 'not-executed'],
    [403, 'FORBIDDEN', 'not-executed', 'unknown'],
    [500, 'INTERNAL', 'unknown', 'unknown'],
  ] as const) {
    const answer = () => results(refused(status, code), executed(ID2))
    for (const [answers, outcome] of [
      [[answer], before],
      [[lost, answer], after],
    ] as const) {
      const [first] = await scripted(answers).client.submit(LIST)
      t.match(first, { outcome: 'refused', problem: { code, status, outcome, transactionID: ID } })
      t.ok(first?.outcome === 'refused' && first.problem instanceof WalletProblem)
    }
  }
})
