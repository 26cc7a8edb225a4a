import t, { type Test } from 'tap'
import { createWalletClient, type Transaction, type WalletClient } from '../../client/client.ts'
import { createHeldStore, uniformBounds } from '../support/http/held-store.ts'
import { listen, settableClock, startHTTP } from '../support/http/http.ts'
import { bearer, createIssuer, trusting } from '../support/http/issuer.ts'

/** No test waits for the service to give up. */
const BOUNDS = uniformBounds({ maxQueued: 10_000, deadlineMs: 60_000 })
const NEVER_MS = 3_600_000

/** What is put between the client and the service. */
type Around = (send: () => Promise<Response>, path: string) => Promise<Response>

/** Two clients of one service, one of which gathers and notes what it sends. */
async function setUp(t: Test, options: Parameters<typeof startHTTP>[1] & { readonly token?: string } = {}) {
  const { token, ...rest } = options
  const clock = settableClock()
  const held = createHeldStore(clock)
  const http = await startHTTP(t, { clock, store: held.store, bounds: BOUNDS, ...rest })
  const { port } = await listen(t, http)
  const url = `http://127.0.0.1:${port}`
  const sent: { path: string; body: string }[] = []
  let around: Around = (send) => send()
  const noting: typeof fetch = (input, init) => {
    const { pathname } = new URL(String(input))
    sent.push({ path: pathname.replace('/api/v1/', ''), body: typeof init?.body === 'string' ? init.body : '' })
    return around(() => fetch(input, init), pathname)
  }
  const shared = { url, ...(token !== undefined && { token }) }
  return {
    ...{ ...http, held, sent },
    paths: () => sent.map(({ path }) => path),
    single: createWalletClient(shared),
    gathering: createWalletClient({ ...shared, fetch: noting, gather: true }),
    put(between: Around) {
      around = between
    },
  }
}

async function openAll(client: WalletClient, users: readonly string[]): Promise<void> {
  for (const user of users) await client.open(user)
}

/** How a call ended, as far as it does not differ from one time to another. */
async function fate(call: Promise<Transaction>): Promise<object> {
  return call.then(
    ({ transactionID: _id, createdAt: _at, ...transaction }) => transaction,
    (error: Error) => {
      const { transactionID, requestID, ...rest } = { transactionID: '', requestID: '', ...error }
      return {
        ...{ ...rest, message: error.message, constructor: error.constructor.name },
        ...{ hasID: typeof transactionID, hasRequestID: typeof requestID },
      }
    },
  )
}

t.test('what is called in one turn goes as one list, its IDs asked for together by user', async (t) => {
  const { gathering, sent, paths } = await setUp(t)
  await openAll(gathering, ['ann', 'bob'])
  sent.length = 0
  const kept: string[] = []
  const onTransactionID = (id: string) => void kept.push(id)
  const deposits = [1, 2, 3].map((amount) => gathering.deposit({ to: 'ann', amount }, { onTransactionID }))
  const done = await Promise.all(deposits)
  t.strictSame(
    done.map(({ balance }) => balance),
    [1n, 3n, 6n],
    'each has its own result',
  )
  t.strictSame(paths(), ['users/ann/wallet/transactionIDs', 'transactions'])
  t.strictSame(
    kept,
    done.map(({ transactionID }) => transactionID),
    'each ID was told before',
  )
  sent.length = 0
  const { transactionIDs } = await gathering.issueMany('ann', 2)
  const { transactionID } = await gathering.issue('bob')
  sent.length = 0
  const [first = '', second = ''] = transactionIDs
  await Promise.all([
    gathering.transfer({ from: 'ann', to: 'bob', amount: 1, reference: 'a' }, { transactionID: first }),
    gathering.withdraw({ from: 'ann', amount: 1, ifVersion: 4 }, { transactionID: second }),
    gathering.deposit({ to: 'bob', amount: 1, metadata: { b: 'c' } }, { transactionID }),
  ])
  t.strictSame(sent, [
    {
      path: 'transactions',
      body: JSON.stringify({
        transactions: [
          { userID: 'ann', type: 4, passiveUserID: 'bob', amount: 1, transactionID: first, reference: 'a' },
          { userID: 'ann', type: 2, ifVersion: 4, amount: 1, transactionID: second },
          { userID: 'bob', type: 1, amount: 1, transactionID, metadata: { b: 'c' } },
        ],
      }),
    },
  ])
})

t.test('a lone call goes by its own route, and so does each without the option', async (t) => {
  const { gathering, single, sent, paths } = await setUp(t)
  await openAll(gathering, ['ann'])
  sent.length = 0
  await gathering.deposit({ to: 'ann', amount: 1 })
  await gathering.withdraw({ from: 'ann', amount: 1 })
  const alone = ['users/ann/wallet/transactionID', 'users/ann/wallet/deposit']
  t.strictSame(paths(), [...alone, 'users/ann/wallet/transactionID', 'users/ann/wallet/withdraw'])
  await Promise.all([single.deposit({ to: 'ann', amount: 1 }), single.deposit({ to: 'ann', amount: 1 })])
  t.match(await single.wallet('ann'), { balance: 2n })
})

t.test('each call ends exactly as it would alone, whatever becomes of the others', async (t) => {
  const { gathering, single, clock, paths } = await setUp(t)
  const users = ['ann', 'bob', "o'neil/名前", 'ice']
  const calls = (client: WalletClient, expired: string) => [
    () => client.deposit({ to: 'ann', amount: 100, reference: 'r', metadata: { k: 'v' } }),
    () => client.withdraw({ from: 'bob', amount: 1 }),
    () => client.deposit({ to: "o'neil/名前", amount: 7 }),
    () => client.transfer({ from: 'ann', to: 'no one', amount: 1 }),
    () => client.transfer({ from: 'ann', to: 'ann', amount: 1 }),
    () => client.deposit({ to: 'no one', amount: 1 }),
    () => client.withdraw({ from: 'ice', amount: 1 }),
    () => client.withdraw({ from: 'bob', amount: 1, ifVersion: 9 }),
    () => client.withdraw({ from: 'bob', amount: 1, ifVersion: 0.5 }),
    () => client.deposit({ to: 'bob', amount: 1, reference: '' }),
    () => client.deposit({ to: 'bob', amount: 1, metadata: { '': 'x' } }),
    () => client.deposit({ to: 'bob', amount: 0 }),
    () => client.deposit({ to: '..', amount: 1 }),
    () => client.deposit({ to: 'ice', amount: 1 }, { transactionID: expired }),
    () => client.deposit({ to: 'ice', amount: 1 }, { transactionID: expired.replace(/^./, 'f') }),
    () => client.deposit({ to: 'ice', amount: 1 }, { transactionID: 'none' }),
    () => client.deposit({ to: 'ice', amount: 1 }, { signal: AbortSignal.abort() }),
    () => {
      const onTransactionID = () => {
        throw new Error('the disk is full')
      }
      return client.deposit({ to: 'ice', amount: 1 }, { onTransactionID })
    },
  ]
  await openAll(single, users)
  await single.setState('ice', { state: 'frozen', reason: 'a test' })
  const expired = (await single.issueMany('ice', 2)).transactionIDs
  clock.move(25n * 3600n * 1_000_000n)
  const alone = []
  for (const call of calls(single, expired[0] ?? '')) alone.push(await fate(call()))
  const together = await Promise.all(calls(gathering, expired[1] ?? '').map((call) => fate(call())))
  // The first and the third have happened before.
  t.match(together[0], { id: 2, amount: 100n, balance: 200n, reference: 'r', metadata: { k: 'v' } })
  t.match(together[2], { id: 2, balance: 14n })
  const rest = (all: readonly object[]) => all.filter((_, index) => index !== 0 && index !== 2)
  t.strictSame(rest(together), rest(alone))
  t.ok(paths().includes('transactions'))
})

t.test('more than a thousand calls, and more than the service takes at once, go as several lists', async (t) => {
  const { gathering, sent } = await setUp(t)
  await openAll(gathering, ['ann', 'bob'])
  sent.length = 0
  await Promise.all(Array.from({ length: 2300 }, () => gathering.deposit({ to: 'ann', amount: 1 })))
  t.match(await gathering.wallet('ann'), { balance: 2300n, version: 2300 })
  const sizes = (asked: string) =>
    sent
      .filter(({ path }) => path === asked)
      .map(({ body }) => JSON.parse(body))
      .map(({ count, transactions }) => count ?? transactions.length)
      .sort((one, other) => other - one)
  t.strictSame(sizes('users/ann/wallet/transactionIDs'), [1000, 1000, 300])
  t.strictSame(sizes('transactions'), [1000, 1000, 300])
  sent.length = 0
  const { transactionIDs } = await gathering.issueMany('bob', 600)
  sent.length = 0
  const text = '名'.repeat(500)
  const metadata = { a: text.slice(0, 400), b: 'b'.repeat(500) }
  await Promise.all(
    transactionIDs.map((transactionID) => gathering.deposit({ to: 'bob', amount: 1, metadata }, { transactionID })),
  )
  t.match(await gathering.wallet('bob'), { balance: 600n })
  const bytes = sent.slice(0, -1).map(({ body }) => Buffer.byteLength(body))
  t.ok(bytes.length > 1 && bytes.length < 10, `${bytes.length} lists`)
  t.ok(Math.max(...bytes) <= 512 * 1024, `the largest has ${Math.max(...bytes)} bytes`)
})

t.test('an answer that is lost in the middle is asked for again, and each is executed once', async (t) => {
  const { gathering, put, sent } = await setUp(t)
  await openAll(gathering, ['ann'])
  const lost: string[] = []
  put(async (send, path) => {
    const response = await send()
    if (lost.includes(path)) return response
    lost.push(path)
    await response.text()
    throw new TypeError('fetch failed')
  })
  sent.length = 0
  const done = await Promise.all(Array.from({ length: 20 }, () => gathering.deposit({ to: 'ann', amount: 1 })))
  t.strictSame(new Set(done.map(({ id }) => id)).size, 20)
  t.ok(lost.includes('/api/v1/transactions') && lost.includes('/api/v1/users/ann/wallet/transactionIDs'))
  put((send) => send())
  t.match(await gathering.wallet('ann'), { balance: 20n, version: 20 })
})

t.test('a list whose outcome is known in part settles that part, and asks again about the rest', async (t) => {
  const { gathering, put } = await setUp(t)
  await openAll(gathering, ['ann'])
  const { transactionIDs } = await gathering.issueMany('ann', 3)
  const settled: string[] = []
  const unknown = { type: 'x', title: 'x', status: 503, code: 'OUTCOME_UNKNOWN', detail: 'x', instance: 'x' }
  let again = () => {}
  const waiting = new Promise<void>((resolve) => {
    again = resolve
  })
  let lists = 0
  put(async (send, path) => {
    if (path !== '/api/v1/transactions') {
      await waiting
      return send()
    }
    lists += 1
    const answer = JSON.parse(await (await send()).text())
    answer.results[1] = { status: 503, replayed: false, problem: unknown }
    return Response.json(answer)
  })
  const calls = transactionIDs.map(async (transactionID, index) => {
    await gathering.deposit({ to: 'ann', amount: 1 }, { transactionID })
    settled.push(String(index))
  })
  await Promise.all([calls[0], calls[2]])
  t.strictSame(settled, ['0', '2'])
  again()
  await Promise.all(calls)
  t.equal(lists, 1)
  put((send) => send())
  t.match(await gathering.wallet('ann'), { balance: 3n })
})

t.test('each call keeps its own deadline and signal; the others of its list go on', async (t) => {
  const { gathering, held } = await setUp(t)
  await openAll(gathering, ['ann'])
  const { transactionIDs } = await gathering.issueMany('ann', 3)
  const ending = new AbortController()
  const reason = new Error('the user has gone')
  const reached = held.hold()
  const options = [{ signal: ending.signal }, { deadlineMs: 2000 }, { deadlineMs: NEVER_MS }]
  const calls = transactionIDs.map((transactionID, index) =>
    gathering.deposit({ to: 'ann', amount: 1 }, { transactionID, ...options[index] }),
  )
  const fates = calls.map(fate)
  await reached
  ending.abort(reason)
  t.match(await fates[0], { constructor: 'WalletUnsettled', reason: 'aborted', outcome: 'unknown', hasID: 'string' })
  t.match(await fates[1], { constructor: 'WalletUnsettled', reason: 'deadline', outcome: 'unknown' })
  held.release()
  t.match(await fates[2], { id: 3, balance: 3n })
  t.match(await gathering.wallet('ann'), { balance: 3n }, 'they may have been executed, and were')
})

t.test('a list that everyone has left is given up', async (t) => {
  const signals: AbortSignal[] = []
  let sent = () => {}
  const sending = new Promise<void>((resolve) => {
    sent = resolve
  })
  const silent: typeof fetch = (_input, init) => {
    const { signal } = init ?? {}
    if (signal) signals.push(signal)
    sent()
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  const client = createWalletClient({ url: 'http://service', fetch: silent, gather: true })
  const endings = [new AbortController(), new AbortController()]
  const calls = endings.map(({ signal }) =>
    fate(client.deposit({ to: 'ann', amount: 1 }, { transactionID: 'x', signal })),
  )
  await sending
  t.equal(signals.length, 1)
  endings[0]?.abort()
  t.match(await calls[0], { reason: 'aborted' })
  t.equal(signals[0]?.aborted, false)
  endings[1]?.abort()
  t.match(await calls[1], { reason: 'aborted' })
  t.equal(signals[0]?.aborted, true)
})

t.test('who is gone before the list goes is not in it', async (t) => {
  const { gathering, single } = await setUp(t)
  await openAll(single, ['ann'])
  const { transactionIDs } = await single.issueMany('ann', 2)
  const ending = new AbortController()
  const calls = transactionIDs.map((transactionID, index) =>
    fate(gathering.deposit({ to: 'ann', amount: 1 }, { transactionID, ...(index === 0 && { signal: ending.signal }) })),
  )
  // Past the microtasks in which the calls come together, before the timer that sends them.
  await new Promise<void>((resolve) => process.nextTick(resolve))
  ending.abort()
  t.match(await calls[0], { reason: 'aborted' })
  t.match(await calls[1], { balance: 1n })
  t.match(await single.wallet('ann'), { balance: 1n, version: 1 })
})

t.test('a token goes with a list; what it does not allow is refused to whom it is not, as alone', async (t) => {
  const issuer = await createIssuer(t)
  const { authenticate } = trusting(issuer)
  const { gathering, single, send, paths } = await setUp(t, { authenticate, token: await issuer.token('ann') })
  const admin = bearer(await issuer.admin())
  for (const user of ['ann', 'bob']) await send({ method: 'PUT', path: `/api/v1/users/${user}/wallet`, headers: admin })
  const { transactionIDs } = await single.issueMany('ann', 6)
  const calls = (client: WalletClient, [first = '', second = '', third = '']: readonly string[]) => [
    client.withdraw({ from: 'ann', amount: 1 }, { transactionID: first }),
    client.deposit({ to: 'ann', amount: 1 }, { transactionID: second }),
    client.withdraw({ from: 'bob', amount: 1 }, { transactionID: third }),
    client.withdraw({ from: 'bob', amount: 1 }),
  ]
  const alone = await Promise.all(calls(single, transactionIDs.slice(0, 3)).map(fate))
  const together = await Promise.all(calls(gathering, transactionIDs.slice(3)).map(fate))
  t.match(alone, [{ code: 'INSUFFICIENT_BALANCE' }, { code: 'FORBIDDEN' }, { code: 'WALLET_NOT_FOUND' }, {}])
  t.strictSame(together, alone)
  t.ok(paths().includes('transactions'))
})

t.test('no service there: every call says that nothing was executed', async (t) => {
  const refused: typeof fetch = async () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { syscall: 'connect' }) })
  }
  const client = createWalletClient({ url: 'http://service', fetch: refused, gather: true, deadlineMs: 150 })
  const calls = ['a', 'b'].map((transactionID) => fate(client.deposit({ to: 'ann', amount: 1 }, { transactionID })))
  for (const call of calls) t.match(await call, { reason: 'deadline', outcome: 'not-executed' })
})
