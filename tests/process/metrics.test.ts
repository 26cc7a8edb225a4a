import { readFileSync } from 'node:fs'
import { METHODS } from 'node:http'
import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { QUEUES } from '../../src/ports/telemetry.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { type Figures, readFigures, type Series, since } from '../support/http/figures.ts'
import { connectRaw } from '../support/http/raw-client.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

const LABELS = ['queue', 'pool', 'state', 'step', 'method', 'route', 'status', 'outcome', 'replayed', 'version', 'le']

/** Without those of Node.js, some of which come with its first garbage collection of a kind. */
function ownSeries({ series }: Pick<Figures, 'series'>): readonly Series[] {
  return series.filter(({ name }) => name.startsWith('wallet_'))
}

async function setUp(t: Test) {
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)) } })
  return { client: createClient(service.url), figures: () => readFigures(service.url), url: service.url }
}

t.test('after real traffic the figures agree with what was done', async (t) => {
  const { client, figures } = await setUp(t)
  await Promise.all([client.open('ann'), client.open('bob')])
  const before = await figures()

  const id = await client.issue('ann')
  await client.deposit('ann', 100, id)
  await client.deposit('ann', 100, id)
  await client.deposit('ann', 101, id)
  const transfers = await Promise.all(Array.from({ length: 20 }, () => client.issue('ann')))
  await Promise.all(transfers.map((each) => client.transfer('ann', 'bob', 1, each)))
  const refused = await client.issue('ann')
  await client.withdraw('ann', 1000, refused)
  await client.withdraw('ann', 1000, refused)
  await client.transfer('ann', 'ann', 1, await client.issue('ann'))
  await client.call('PUT', '/api/v1/users/ann/wallet/deposit', { amount: 0, transactionID: id })
  await client.wallet('ann')
  await client.wallet('nobody')
  await client.history('ann')
  await client.status('ann', id)
  const by = since(before, await figures())

  t.equal(by('wallet_outcomes_total', { outcome: 'executed', replayed: 'false' }), 21)
  t.equal(by('wallet_outcomes_total', { outcome: 'executed', replayed: 'true' }), 1)
  t.equal(by('wallet_outcomes_total', { outcome: 'INSUFFICIENT_BALANCE', replayed: 'false' }), 1)
  t.equal(by('wallet_outcomes_total', { outcome: 'INSUFFICIENT_BALANCE', replayed: 'true' }), 1)
  t.equal(by('wallet_outcomes_total', { outcome: 'TRANSACTION_ID_REUSED' }), 1)
  t.equal(by('wallet_outcomes_total', { outcome: 'SELF_TRANSFER' }), 1)
  t.equal(by('wallet_outcomes_total', { outcome: 'INVALID_REQUEST' }), 1)
  t.equal(by('wallet_outcomes_total', { outcome: 'WALLET_NOT_FOUND' }), 1)
  t.equal(by('wallet_outcomes_total'), 28, 'and nothing else')

  const requests = 'wallet_http_request_duration_seconds_count'
  const wallet = '/api/v1/users/:userID/wallet'
  t.equal(by(requests, { method: 'POST', route: `${wallet}/transactionID`, status: '201' }), 23)
  t.equal(by(requests, { method: 'PUT', route: `${wallet}/deposit`, status: '200' }), 2)
  t.equal(by(requests, { method: 'PUT', route: `${wallet}/deposit`, status: '422' }), 1)
  t.equal(by(requests, { method: 'PUT', route: `${wallet}/deposit`, status: '400' }), 1)
  t.equal(by(requests, { method: 'PUT', route: `${wallet}/transfer`, status: '200' }), 20)
  t.equal(by(requests, { method: 'GET', route: wallet, status: '404' }), 1)
  t.equal(by(requests, { method: 'GET', route: '/metrics', status: '200' }), 1, 'the page before')
  t.equal(by('wallet_http_request_duration_seconds_bucket', { le: '+Inf' }), by(requests))
  const seconds = by('wallet_http_request_duration_seconds_sum')
  t.ok(seconds > 0 && seconds < 60, `${seconds} s`)

  const movements = { queue: 'write' }
  const batches = by('wallet_batch_size_count', movements)
  t.equal(by('wallet_batch_size_sum', movements), 25, 'a request that is turned away before is in no batch')
  t.ok(batches >= 6 && batches < 25, `${batches} batches: the transfers shared some`)
  t.equal(by('wallet_database_step_duration_seconds_count', { step: 'lock' }), batches)
  t.equal(by('wallet_database_step_duration_seconds_count', { step: 'commit' }), batches)
  t.equal(by('wallet_database_step_duration_seconds_count', { step: 'refuse' }), 1)
  t.equal(by('wallet_database_step_duration_seconds_count', { step: 'read_wallet' }), 2)
  t.equal(by('wallet_database_step_duration_seconds_count', { step: 'read_history' }), 1)
  t.equal(by('wallet_database_step_duration_seconds_count', { step: 'read_status' }), 1)
  t.ok(by('wallet_database_step_duration_seconds_sum', { step: 'commit' }) > 0)
  t.equal(by('wallet_batch_failures_total'), 0)
})

t.test('it says how many connections are open, and how many there may be', async (t) => {
  const { client, figures } = await setUp(t)
  await client.open('ann')
  const { sum } = await figures()
  t.equal(sum('wallet_pool_limit', { pool: 'write' }), 2)
  t.equal(sum('wallet_pool_limit', { pool: 'read' }), 4)
  t.ok(sum('wallet_pool_connections', { pool: 'write', state: 'idle' }) >= 1)
  t.equal(sum('wallet_pool_connections', { state: 'in_use' }), 0)
  t.equal(sum('wallet_pool_waiting'), 0)
})

t.test('no path, method or user makes the labels many, and none of them is one', async (t) => {
  const { client, figures, url } = await setUp(t)
  await client.open('known')
  const raw = await connectRaw(t, Number(new URL(url).port))
  async function ask(method: string, path: string): Promise<void> {
    raw.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n`)
    await raw.answer()
  }
  async function askMuch(round: string): Promise<void> {
    for (const method of METHODS.filter((each) => each !== 'CONNECT' && each !== 'HEAD')) {
      await ask(method, `/secret-path-${round}/${method}`)
      await ask(method, `/api/v1/users/secret-user-${round}/wallet`)
      await ask(method, `/api/v1/users/secret-user-${round}/wallet/${round}`)
      await ask(method, '/metrics?secret-query')
    }
    const transactionID = await client.issue(`secret-user-${round}`)
    await client.deposit(`secret-user-${round}`, 1, transactionID)
    await client.status(`secret-user-${round}`, transactionID)
  }
  await askMuch('first')
  const first = await figures()
  for (const round of ['second', 'third']) await askMuch(round)
  const { text, sum, ...last } = await figures()
  const ours = ownSeries(last)

  t.equal(ours.length, ownSeries(first).length, 'the same requests of others add no series')
  t.notMatch(text, /secret|known/)
  t.notMatch(text, /[0-9a-f]{8}-[0-9a-f]{4}-8/, 'no transaction ID')
  t.strictSame(
    ours.flatMap(({ labels }) => Object.keys(labels)).filter((label) => !LABELS.includes(label)),
    [],
    'no other label',
  )
  const methods = new Set(ours.flatMap(({ labels }) => labels.method ?? []))
  t.strictSame([...methods].sort(), ['GET', 'POST', 'PUT', 'other'])
  t.ok(sum('wallet_http_request_duration_seconds_count', { route: 'unmatched', status: '404' }) > 100)
})

t.test(
  'every figure that the dashboard, the alerts and the guide name is there, and the guide names all',
  async (t) => {
    const { client, figures } = await setUp(t)
    await client.open('ann')
    await client.deposit('ann', 1, await client.issue('ann'))
    const { text } = await figures()
    const known = new Set(text.match(/(?<=^# TYPE )\S+/gm))
    const base = (name: string) => (known.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''))
    const namesIn = (file: string) =>
      new Set((readFileSync(file, 'utf8').match(/\b(?:wallet|nodejs|process)_[a-z0-9_]+\b/g) ?? []).map(base))
    for (const [file, atLeast] of [
      ['deploy/grafana-dashboard.json', 15],
      ['deploy/alerts.yaml', 7],
      ['docs/operations.md', 12],
    ] as const) {
      const names = namesIn(file)
      t.ok(names.size >= atLeast, `${file}: ${names.size} names`)
      t.strictSame(
        [...names].filter((name) => !known.has(name)),
        [],
        file,
      )
    }
    const told = namesIn('docs/operations.md')
    t.strictSame(
      [...known].filter((name) => name.startsWith('wallet_') && !told.has(name)),
      [],
      'each is explained',
    )
  },
)

t.test(
  'the dashboard and the alerts name only queues and steps that there are, and the guide names every queue',
  async (t) => {
    const { client, figures } = await setUp(t)
    await client.open('ann')
    await client.deposit('ann', 1, await client.issue('ann'))
    const { text } = await figures()
    const valuesOf = (label: string, page: string) => [
      ...new Set([...page.matchAll(new RegExp(`${label}=\\\\?"([a-z_]+)`, 'g'))].map(([, value = '']) => value)),
    ]
    const [queues, steps] = [valuesOf('queue', text), valuesOf('step', text)]
    t.strictSame(queues.sort(), QUEUES.filter((queue) => !queue.startsWith('standby_')).sort(), 'there is no standby')
    const named = ['deploy/grafana-dashboard.json', 'deploy/alerts.yaml']
      .map((file) => readFileSync(file, 'utf8'))
      .join('')
    t.ok(valuesOf('queue', named).length > 0, 'the dashboard picks queues')
    t.strictSame(
      valuesOf('queue', named).filter((queue) => !queues.includes(queue)),
      [],
    )
    t.strictSame(
      valuesOf('step', named).filter((step) => !steps.includes(step)),
      [],
    )
    const guide = readFileSync('docs/operations.md', 'utf8')
    t.strictSame(
      QUEUES.filter((queue) => !guide.includes(`\`${queue}\``)),
      [],
    )
  },
)

t.test('every alert says what to do in the guide, and is tested', async (t) => {
  const names = [...readFileSync('deploy/alerts.yaml', 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name)
  t.ok(names.length > 8)
  const guide = readFileSync('docs/operations.md', 'utf8')
  const tests = readFileSync('deploy/alerts.test.yaml', 'utf8')
  for (const name of names) {
    t.match(guide, `### ${name}\n`, name)
    t.match(tests, `alertname: ${name}\n`, name)
    t.match(readFileSync('deploy/alerts.yaml', 'utf8'), `runbook: docs/operations.md#${name.toLowerCase()}\n`)
  }
})
