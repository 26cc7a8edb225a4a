import t, { type Test } from 'tap'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { readFigures } from '../support/http/figures.ts'
import { REFUSE, startReceiver, TAKE, WEBHOOK_SECRET } from '../support/http/webhook-receiver.ts'
import { createClient } from '../support/process/service-client.ts'
import { runServiceToEnd, type ServiceProcess, startServiceProcess } from '../support/process/service-process.ts'

const LIMIT_MS = 60_000
const SECRETS = /t0ken|hunter2|hooks|whsec_/

function start(t: Test, database: ServerAddress, webhook: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  return startServiceProcess(t, {
    env: { DATABASE_URL: toURL(database), LOG_LEVEL: 'trace', WEBHOOK_SECRET, ...webhook },
  })
}

async function deposit(url: string): Promise<void> {
  const client = createClient(url)
  await client.open('ann')
  const { status } = await client.deposit('ann', 1, await client.issue('ann'))
  if (status !== 200) throw new Error(`a deposit was answered with ${status}`)
}

/** What the console says, once it says so. */
function webhookOf(url: string, is: (webhook: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
  return eventually('the console says so', LIMIT_MS, async () => {
    const { body } = await createClient(url).call('GET', '/console/data/webhook')
    const { webhook } = body as { webhook: Record<string, unknown> }
    return is(webhook) ? webhook : undefined
  })
}

t.test('how it fares is in the log, the figures and the console of every instance, and no secret is', async (t) => {
  const database = await createTestDatabase(t)
  const receiver = await startReceiver(t, REFUSE)
  const WEBHOOK_URL = `${receiver.url}/hooks/t0ken?key=hunter2`
  const services = [await start(t, database, { WEBHOOK_URL }), await start(t, database, { WEBHOOK_URL })]
  const [first = '', second = ''] = services.map(({ url }) => url)
  await deposit(first)
  for (const url of [first, second])
    t.match(await webhookOf(url, ({ lastError }) => lastError !== null), {
      ...{ origin: receiver.url, deliveredAt: null, failingSince: /Z$/, lastError: 'answered 500' },
    })
  for (const url of [first, second]) {
    const figures = await eventually('the figures say so', LIMIT_MS, async () => {
      const now = await readFigures(url)
      return now.sum('wallet_webhook_failing_since_seconds') > 1_700_000_000 ? now : undefined
    })
    t.notMatch(figures.text, SECRETS)
  }
  receiver.answer(TAKE)
  t.match(await webhookOf(second, ({ deliveredAt }) => deliveredAt !== null), {
    failingSince: null,
    lastError: null,
    behind: 0,
  })
  await eventually('the figures say so', LIMIT_MS, async () => {
    const pages = await Promise.all([first, second].map(readFigures))
    const sum = (name: string) => pages.reduce((total, page) => total + page.sum(name), 0)
    const well = sum('wallet_webhook_failing_since_seconds') === 0 && sum('wallet_webhook_behind_seconds') === 0
    return well && sum('wallet_webhook_delivered_total') === 1 && sum('wallet_webhook_deliverers') === 1
      ? true
      : undefined
  })
  t.strictSame(receiver.received.at(-1)?.names, ['ann 1'])
  t.equal(receiver.received[0]?.path, '/hooks/t0ken?key=hunter2')
  let lines: readonly string[] = []
  for (const service of services) {
    const { code, stdout, stderr } = await service.end('SIGTERM')
    t.match([code, stderr], [0, ''])
    t.notMatch(stdout, SECRETS)
    lines = [...lines, ...stdout.split('\n').filter((line) => line.includes('the webhook'))]
  }
  const messages = lines.filter((line) => !line.includes('this instance delivers')).map((line) => JSON.parse(line))
  t.match(messages, [
    { level: 40, msg: /fails, and is tried again until it is taken: answered 500$/ },
    { level: 30, msg: /is taken again, after \d+ attempts that failed$/ },
  ])
  t.equal(messages.length, 2, 'and nothing for each attempt')
})

t.test('a receiver that is not there, or not to be trusted, is told without what is secret', async (t) => {
  for (const [WEBHOOK_URL, reason] of [
    ['http://127.0.0.1:9/hooks/t0ken?key=hunter2', /ECONNREFUSED/],
    ['https://nowhere.invalid/hooks/t0ken?key=hunter2', /nowhere\.invalid/],
  ] as const) {
    const service = await start(t, await createTestDatabase(t), { WEBHOOK_URL })
    await deposit(service.url)
    t.match(await webhookOf(service.url, ({ lastError }) => lastError !== null), { lastError: reason })
    const { stdout } = await service.end('SIGTERM')
    t.match(stdout, reason)
    t.notMatch(stdout, SECRETS)
  }
})

t.test('an address with a user and a password stops the start, and is not shown', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)), WEBHOOK_SECRET, LOG_LEVEL: 'trace' }
  for (const WEBHOOK_URL of ['https://me:hunter2@books.example/hooks', 'http://books.example/hooks?key=hunter2']) {
    const { code, stdout, stderr } = await runServiceToEnd(t, { env: { ...env, WEBHOOK_URL } })
    t.match([code, stdout], [1, ''])
    t.match(stderr, /^WEBHOOK_URL is \d+ characters \(not shown\); expected an https:\/\/ address[^\n]*\n$/)
    t.notMatch(stderr, SECRETS)
  }
})

t.test('of several workers one delivers, and the one that stops gives it to another at once', async (t) => {
  const database = await createTestDatabase(t)
  const receiver = await startReceiver(t)
  const workers = await start(t, database, { WEBHOOK_URL: receiver.url, WORKERS: '2' })
  await deposit(workers.url)
  await eventually('it came', LIMIT_MS, () => receiver.received[0])
  t.equal((await readFigures(workers.url)).sum('wallet_webhook_deliverers'), 1)
  const next = await start(t, database, { WEBHOOK_URL: receiver.url })
  t.equal((await workers.end('SIGTERM')).code, 0)
  await deposit(next.url)
  await eventually('it came from the next', LIMIT_MS, () => receiver.received[1])
  t.strictSame(
    receiver.received.map(({ names }) => names),
    [['ann 1'], ['ann 2']],
    'and nothing twice',
  )
})
