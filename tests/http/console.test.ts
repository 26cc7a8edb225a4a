import t from 'tap'
import { createPrometheus } from '../../src/adapters/prometheus/metrics.ts'
import { FEED_START } from '../../src/domain/feed.ts'
import type { LedgerReads } from '../../src/ports/inspection.ts'
import { createHeldStore } from '../support/http/held-store.ts'
import { START, settableClock, startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith } from '../support/http/wallet-client.ts'

const PAGE = '/console/'

t.test('the page and everything that it loads come from the service', async (t) => {
  const { send } = await startHTTP(t)
  t.match(await send({ method: 'GET', path: '/console' }), { status: 302, headers: { location: 'console/' } })
  const page = await send({ method: 'GET', path: PAGE })
  t.match(page, { status: 200, headers: { 'content-type': /^text\/html/, 'cache-control': 'no-cache' } })
  const map = JSON.parse(/<script type="importmap">([\s\S]*?)<\/script>/.exec(page.text)?.[1] ?? '')
  const libraries: Readonly<Record<string, string>> = map.imports
  const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target)
  const waiting = [...loaded, ...Object.values(libraries)].map((target) => new URL(target, `http://service${PAGE}`))
  const seen = new Set<string>()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { origin, pathname } = next
    if (seen.has(pathname)) continue
    seen.add(pathname)
    t.equal(origin, 'http://service')
    const file = await send({ method: 'GET', path: pathname })
    t.match(file, { status: 200, headers: { 'cache-control': 'no-cache', etag: /./ } }, pathname)
    const type = pathname.endsWith('.js') ? 'javascript' : pathname.endsWith('.css') ? 'css' : 'svg'
    t.match(file.headers['content-type'], new RegExp(type), pathname)
    if (type !== 'javascript') continue
    for (const [, name = ''] of file.text.matchAll(/\bfrom *["']([@\w./-]+)["']/g)) {
      const target = name.startsWith('.') ? name : libraries[name]
      t.ok(target, `${pathname} imports ${name}, which the page can find`)
      waiting.push(new URL(target ?? '', name.startsWith('.') ? next : `http://service${PAGE}`))
    }
  }
  t.ok(seen.size > 20, `${seen.size} files`)
})

t.test('a file that a browser has already is not sent again', async (t) => {
  const { send } = await startHTTP(t)
  const path = '/console/console/main.js'
  const { headers } = await send({ method: 'GET', path })
  t.match(await send({ method: 'GET', path, headers: { 'if-none-match': headers.etag ?? '' } }), {
    status: 304,
    text: '',
  })
})

t.test('the policy of the page names its one inline script to the letter, and nothing else is loosened', async (t) => {
  const { send } = await startHTTP(t)
  const { text, headers } = await send({ method: 'GET', path: PAGE })
  const policy = headers['content-security-policy'] ?? ''
  t.match(policy, /default-src 'self';script-src 'self' 'sha256-[A-Za-z0-9+/]{43}=';/)
  t.notMatch(policy, /unsafe|https?:|\*/)
  t.equal([...text.matchAll(/<script(?![^>]* src=)/g)].length, 1, 'the import map')
  t.notMatch(text, /<style|style=|\son\w+=|javascript:/i)
})

t.test('nothing else is served below /console', async (t) => {
  const { send } = await startHTTP(t)
  const names = [
    'index.html',
    'package.json',
    'tsconfig.json',
    'main.tsx',
    'console/../../package.json',
    'console/%2e%2e/%2e%2e/package.json',
  ]
  const more = [
    'console/..%2f..%2fpackage.json',
    'lib/',
    'lib/constructor',
    '__proto__',
    'client/',
    'console/main.tsx',
    'console/nothing.js',
    '%00',
    'data',
    'data/',
  ]
  for (const name of [...names, ...more])
    isProblem(t, await send({ method: 'GET', path: `${PAGE}${name}` }), 'ROUTE_NOT_FOUND', undefined, name)
  isProblem(t, await send({ method: 'PUT', path: PAGE }), 'METHOD_NOT_ALLOWED')
  isProblem(t, await send({ method: 'PUT', path: '/console/data/audit' }), 'METHOD_NOT_ALLOWED')
})

t.test('wallets are found, twenty at a time', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  for (let n = 10; n < 31; n += 1) await client.open(`user-${n}`)
  await openWith(client, '<b>ann</b>', 5)
  const find = async (prefix: string) =>
    (await send({ method: 'GET', path: `/console/data/wallets?${new URLSearchParams({ prefix })}` })).body
  const { wallets, more } = await find('user-')
  t.equal(Array.isArray(wallets) && wallets.length, 20)
  t.equal(more, true)
  t.match(await find('user-2'), { wallets: { length: 10 }, more: false })
  t.strictSame(await find('<b>'), { wallets: [(await client.wallet('<b>ann</b>')).body], more: false })
  t.strictSame(await find('nobody'), { wallets: [], more: false })
})

t.test('a transaction ID is looked up without its user', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 5)
  await client.open('bob')
  const look = async (id: string) => (await send({ method: 'GET', path: `/console/data/transactions/${id}` })).body
  const [sent, refused] = [await client.newID('ann'), await client.newID('bob')]
  const { body: out } = await client.transfer('ann', 'bob', 2, sent)
  t.match(await look(sent), {
    transactions: [out, { userID: 'bob', type: 3, amount: 2, passiveUserID: 'ann' }],
    refusals: [],
  })
  const problem = await client.transfer('bob', 'ann', 9, refused)
  t.match(await look(refused), {
    transactions: [],
    refusals: [
      {
        transactionID: refused,
        userID: 'bob',
        kind: 'transfer',
        amount: 9,
        passiveUserID: 'ann',
        code: 'INSUFFICIENT_BALANCE',
        requestID: problem.body.instance,
      },
    ],
  })
  t.strictSame(await look(await client.newID('ann')), { transactions: [], refusals: [] })
})

const NOTE = { reference: 'rent, “Dec”/<b>?&', metadata: { '10': 'ten', flat: '3\n4', __proto__x: '' } }

t.test(
  'what was noted is shown: on both halves the reference, on the payer’s the metadata, and with a refusal',
  async (t) => {
    const { send } = await startHTTP(t)
    const client = createWalletClient(send)
    await openWith(client, 'ann', 5)
    await client.open('bob')
    const [sent, refused] = [await client.newID('ann'), await client.newID('ann')]
    const transfer = (amount: number, transactionID: string) =>
      send({
        method: 'PUT',
        path: '/api/v1/users/ann/wallet/transfer',
        body: { passiveUserID: 'bob', amount, transactionID, ...NOTE },
      })
    await transfer(2, sent)
    await transfer(9, refused)
    const look = async (path: string) => (await send({ method: 'GET', path: `/console/data/${path}` })).body
    const { transactions } = await look(`transactions/${sent}`)
    t.match(transactions, [
      { userID: 'ann', ...NOTE },
      { userID: 'bob', reference: NOTE.reference },
    ])
    t.notMatch(transactions, [{}, { metadata: {} }], 'the recipient has none')
    t.match(await look(`transactions/${refused}`), { refusals: [{ code: 'INSUFFICIENT_BALANCE', amount: 9, ...NOTE }] })

    const byReference = (reference: string) => look(`references?${new URLSearchParams({ reference })}`)
    t.strictSame(await byReference(NOTE.reference), { transactions, more: false }, 'a refusal is not found so')
    t.strictSame(await byReference('Rent'), { transactions: [], more: false })
  },
)

t.test('of the transactions under a reference a hundred are shown', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await client.open('ann')
  for (let n = 0; n < 101; n += 1) {
    const body = { amount: 1, transactionID: await client.newID('ann'), reference: 'rent' }
    await send({ method: 'PUT', path: '/api/v1/users/ann/wallet/deposit', body })
  }
  const { body } = await send({ method: 'GET', path: '/console/data/references?reference=rent' })
  t.match(body, { transactions: { length: 100 }, more: true })
  t.match(body, { transactions: [{ id: 101 }, { id: 100 }] }, 'the newest of a wallet first')
})

t.test('what was done to a wallet is told, newest first', async (t) => {
  const { send } = await startHTTP(t)
  await createWalletClient(send).open('a/b')
  for (const [state, reason] of [
    ['frozen', '<b>a card was lost</b>'],
    ['open', 'it was found'],
    ['closed', 'she moved'],
  ] as const)
    await send({ method: 'PUT', path: '/api/v1/users/a%2Fb/wallet/state', body: { state, reason } })
  const { body } = await send({ method: 'GET', path: '/console/data/state-changes/a%2Fb' })
  t.match(body, {
    changes: [
      { id: 3, state: 'closed', reason: 'she moved' },
      { id: 2, state: 'open' },
      { id: 1, state: 'frozen', reason: '<b>a card was lost</b>', changedBy: null, changedAt: /\.\d{6}Z$/ },
    ],
    more: false,
  })
  t.match((await send({ method: 'GET', path: '/console/data/wallets?prefix=a' })).body, {
    wallets: [{ state: 'closed' }],
  })
  const none = await send({ method: 'GET', path: '/console/data/state-changes/nobody' })
  t.strictSame(none.body, { changes: [], more: false })
})

t.test('a curve is of a wallet, or of a part of its time', async (t) => {
  const { send, clock } = await startHTTP(t)
  const client = createWalletClient(send)
  await client.open('a/b')
  for (const amount of [5, 7]) {
    clock.move(1_000_000n)
    await client.deposit('a/b', amount)
  }
  const curve = (query = '') => send({ method: 'GET', path: `/console/data/curves/a%2Fb${query}` })
  const { body } = await curve()
  t.match(body, {
    transactions: 2,
    points: [
      { id: 1, balance: 5 },
      { id: 2, balance: 12, createdAt: /\.\d{6}Z$/ },
    ],
  })
  t.match((await curve('?createdFrom=2024-12-16T03:59:04.608558Z')).body, { transactions: 1, points: [{ id: 2 }] })
  t.match((await curve('?createdAfter=2024-12-16T03:59:03.7Z')).body, { transactions: 1, points: [{ id: 2 }] })
  isProblem(t, await send({ method: 'GET', path: '/console/data/curves/nobody' }), 'WALLET_NOT_FOUND')
})

t.test('the newest transactions come with the cursor at which the feed goes on', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await client.open('ann')
  for (let n = 0; n < 25; n += 1) await client.deposit('ann', 1)
  const { body } = await send({ method: 'GET', path: '/console/data/newest' })
  t.match(body, { transactions: Array.from({ length: 20 }, (_, n) => ({ userID: 'ann', id: n + 6 })) })
  await client.deposit('ann', 2)
  const behind = await send({ method: 'GET', path: `/api/v1/transactions?after=${body.next}` })
  t.match(behind.body, { transactions: [{ id: 26, amount: 2 }] })
})

t.test('a ledger without a feed says so to the console', async (t) => {
  const clock = settableClock()
  const ledger = { ...createHeldStore(clock).store, newest: async () => ({ kind: 'unavailable' }) as const }
  const { send } = await startHTTP(t, { clock, ledger })
  isProblem(t, await send({ method: 'GET', path: '/console/data/newest' }), 'FEED_UNAVAILABLE')
})

t.test('without a webhook the console is told so; with one, how it fares, and of its address the origin', async (t) => {
  const { send } = await startHTTP(t)
  const path = '/console/data/webhook'
  t.strictSame((await send({ method: 'GET', path })).body, { webhook: null })
  const origin = 'https://books.example'
  const unbegun = await startHTTP(t, { webhookOrigin: origin })
  t.strictSame((await unbegun.send({ method: 'GET', path })).body, {
    webhook: { origin, deliveredAt: null, failingSince: null, lastError: null, behind: 0 },
  })
  const ledger: LedgerReads = {
    ...createHeldStore(settableClock()).store,
    delivery: async () => ({
      ...{ after: FEED_START, batchSize: 1, deliveredAt: START, behindMs: 1500 },
      failing: { since: START, failures: 2, error: 'answered 500' },
    }),
  }
  const failing = await startHTTP(t, { webhookOrigin: origin, ledger })
  t.strictSame((await failing.send({ method: 'GET', path })).body, {
    webhook: {
      origin,
      deliveredAt: '2024-12-16T03:59:02.608558Z',
      failingSince: '2024-12-16T03:59:02.608558Z',
      lastError: 'answered 500',
      behind: 1.5,
    },
  })
})

t.test('the figures are those of /metrics, in JSON', async (t) => {
  const { send } = await startHTTP(t, { prometheus: createPrometheus('1.2.3') })
  await createWalletClient(send).open('ann')
  const { body } = await send({ method: 'GET', path: '/console/data/figures' })
  const samples = Array.isArray(body.samples) ? body.samples : []
  const { text } = await send({ method: 'GET', path: '/metrics' })
  t.ok(samples.length > 20)
  for (const { name } of samples) t.match(text, name)
  t.ok(samples.some(({ name, value }) => name === 'wallet_http_request_duration_seconds_count' && value === 1))
  t.notMatch(JSON.stringify(samples), 'ann')
})

t.test('what the console is asked wrongly is said to be wrong', async (t) => {
  const { send } = await startHTTP(t)
  const wrong = [
    'wallets',
    'wallets?prefix=a&limit=9',
    `wallets?prefix=${'a'.repeat(129)}`,
    'wallets?prefix=%00',
    'wallets?prefix=a&prefix=b',
    'transactions/1',
    'transactions/0193CDB2-1D20-8A3F-9C41-5F0E6B7A8C9D',
    'references',
    'references?reference=',
    `references?reference=${'r'.repeat(65)}`,
    'references?reference=%0A',
    'references?reference=a&reference=b',
    'state-changes/%20ann',
    'state-changes/ann?limit=9',
    'curves/%20ann',
    'curves/ann?createdAfter=yesterday',
    'curves/ann?points=9',
    'newest?limit=9',
    'audit?x=1',
    'webhook?x=1',
  ]
  for (const path of wrong)
    isProblem(t, await send({ method: 'GET', path: `/console/data/${path}` }), 'INVALID_REQUEST', undefined, path)
})

t.test('while the database is away the console is told so, and no more people wait than may', async (t) => {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const { send } = await startHTTP(t, { clock, ledger: held.store })
  const reached = held.hold()
  const asked = Array.from({ length: 60 }, () => send({ method: 'GET', path: '/console/data/audit' }))
  await reached
  const turnedAway = await Promise.race(asked)
  isProblem(t, turnedAway, 'OVERLOADED')
  held.release()
  const answers = await Promise.all(asked)
  t.ok(answers.filter(({ status }) => status === 200).length >= 32)
  t.ok(answers.filter(({ status }) => status === 503).length >= 20)
})
