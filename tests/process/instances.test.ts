import t from 'tap'
import { toURL } from '../../db/address.ts'
import { createBareDatabase } from '../support/database/database.ts'
import { readFigures } from '../support/http/figures.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

const INSTANCES = 4
const ROUNDS = 2

t.test('instances that start at once on an empty database agree on everything', async (t) => {
  const env = { DATABASE_URL: toURL(await createBareDatabase(t)) }
  const processes = await Promise.all(Array.from({ length: INSTANCES }, () => startServiceProcess(t, { env })))
  const clients = processes.map(({ url }) => createClient(url))
  const at = (index: number) => clients[index % INSTANCES] ?? createClient('')
  const everywhere = async <Answer>(ask: (client: ReturnType<typeof at>) => Promise<Answer>) =>
    Promise.all(clients.map(ask))

  for (const user of ['ann', 'bob']) {
    const opened = await everywhere((client) => client.open(user))
    t.equal(opened.filter(({ status }) => status === 201).length, 1, 'one of them opened the wallet')
    t.equal(new Set(opened.map(({ text }) => text)).size, 1)
  }
  for (let turn = 0; turn < ROUNDS * INSTANCES; turn += 1) {
    const [issuer, writer] = [at(turn), at(turn + 1)]
    const [paid, moved, refused] = [await issuer.issue('ann'), await issuer.issue('ann'), await issuer.issue('ann')]
    const writes = [
      [paid, (client: typeof issuer) => client.deposit('ann', 10, paid), 200],
      [moved, (client: typeof issuer) => client.transfer('ann', 'bob', 4, moved), 200],
      [refused, (client: typeof issuer) => client.withdraw('ann', 1_000_000, refused), 422],
    ] as const
    for (const [id, write, status] of writes) {
      const first = await write(writer)
      t.match(first, { status, replayed: false }, 'an ID that one issued is used at another')
      for (const again of await everywhere(write))
        t.strictSame(again, { ...first, replayed: true }, 'and replayed byte for byte by each')
      const told = await everywhere((client) => client.status('ann', id))
      t.equal(new Set(told.map(({ text }) => text)).size, 1)
      t.match(told[0], { status: 200, body: { status: status === 200 ? 'executed' : 'refused' } })
    }
    for (const read of [
      (client: typeof issuer) => client.wallet('ann'),
      (client: typeof issuer) => client.history('ann'),
      (client: typeof issuer) => client.history('bob'),
    ])
      t.equal(new Set((await everywhere(read)).map(({ text }) => text)).size, 1)
  }
  const figures = await Promise.all(processes.map(({ url }) => readFigures(url)))
  const executed = figures.map((page) => page.sum('wallet_outcomes_total', { outcome: 'executed', replayed: 'false' }))
  // Where each wrote in its turn, a deposit and a transfer every time.
  t.strictSame(
    executed,
    Array.from({ length: INSTANCES }, () => 2 * ROUNDS),
    'each counts what it did itself',
  )
  for (const process of processes) t.equal((await process.end('SIGTERM')).code, 0)
})
