import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { type Client, createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

async function start(t: Test, env: Readonly<Record<string, string>>) {
  const service = await startServiceProcess(t, { env })
  return { service, client: createClient(service.url) }
}

/** Two wallets, a movement of each kind, and a refusal; says how each was asked for. */
async function fill(client: Client) {
  await client.open('ada')
  await client.open('bob')
  const [deposit, withdrawal, transfer, refused] = await Promise.all([1, 2, 3, 4].map(() => client.issue('ada')))
  if (deposit === undefined || withdrawal === undefined || transfer === undefined || refused === undefined)
    throw new Error('no transaction IDs')
  const requests = [
    (to: Client) => to.deposit('ada', 100, deposit),
    (to: Client) => to.withdraw('ada', 10, withdrawal),
    (to: Client) => to.transfer('ada', 'bob', 20, transfer),
    (to: Client) => to.withdraw('ada', 1000, refused),
  ]
  const answers = []
  for (const request of requests) answers.push(await request(client))
  return { requests, answers, refused }
}

async function state(client: Client): Promise<readonly string[]> {
  const reads = ['ada', 'bob'].flatMap((user) => [client.wallet(user), client.history(user)])
  return (await Promise.all(reads)).map(({ text }) => text)
}

t.test('wallets, history and every outcome survive a restart', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const first = await start(t, env)
  const { requests, answers, refused } = await fill(first.client)
  t.same(
    answers.map(({ status, replayed }) => [status, replayed]),
    [200, 200, 200, 422].map((status) => [status, false]),
  )
  const before = await state(first.client)
  t.equal((await first.service.end('SIGTERM')).code, 0)

  const { client } = await start(t, env)
  t.same(await state(client), before)
  const replayed = await Promise.all(requests.map((request) => request(client)))
  t.same(
    replayed.map((answer) => answer.status),
    [200, 200, 200, 422],
  )
  t.same(
    replayed.map((answer) => answer.text),
    answers.map((answer) => answer.text),
    'the answers are the same byte for byte',
  )
  t.ok(replayed.every((answer) => answer.replayed))
  await client.deposit('ada', 10_000, await client.issue('ada'))
  t.equal((await client.withdraw('ada', 1000, refused)).body.code, 'INSUFFICIENT_BALANCE', 'even now there is money')
})

t.test('a transaction ID that was issued before a restart is used after it, once', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const first = await start(t, env)
  await first.client.open('ada')
  const transactionID = await first.client.issue('ada')
  await first.service.end('SIGKILL')

  const { client } = await start(t, env)
  t.equal((await client.status('ada', transactionID)).body.status, 'unused')
  t.match(await client.deposit('ada', 5, transactionID), { status: 200, replayed: false })
  t.match(await client.deposit('ada', 5, transactionID), { status: 200, replayed: true })
  t.match((await client.wallet('ada')).body, { balance: 5, version: 1 })
})

t.test('two services on one database agree on transaction IDs and on their outcomes', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const [one, other] = await Promise.all([start(t, env), start(t, env)])
  await one.client.open('ada')
  t.equal((await other.client.open('ada')).status, 200, 'a wallet that the other opened')

  const transactionID = await one.client.issue('ada')
  const executed = await other.client.deposit('ada', 7, transactionID)
  t.match(executed, { status: 200, replayed: false })
  const replayed = await one.client.deposit('ada', 7, transactionID)
  t.equal(replayed.text, executed.text)
  t.equal(replayed.replayed, true)
  t.equal((await one.client.deposit('ada', 8, transactionID)).body.code, 'TRANSACTION_ID_REUSED')
  t.equal((await one.client.status('ada', transactionID)).body.status, 'executed')
})

t.test('one write that is sent to two services at the same time is executed once', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const services = await Promise.all([start(t, env), start(t, env)])
  const [first] = services
  await first.client.open('ada')
  const rounds = 50
  for (let round = 1; round <= rounds; round++) {
    const transactionID = await first.client.issue('ada')
    const answers = await Promise.all(
      services.flatMap(({ client }) => [0, 1].map(() => client.deposit('ada', 1, transactionID))),
    )
    const texts = new Set(answers.map(({ text }) => text))
    const executed = answers.filter(({ replayed }) => !replayed)
    if (texts.size !== 1 || executed.length !== 1) t.fail(`round ${round}`, { answers })
  }
  t.match((await first.client.wallet('ada')).body, { balance: rounds, version: rounds })
})
