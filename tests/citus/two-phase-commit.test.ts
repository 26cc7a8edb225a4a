import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import { type CitusWorld, preparedOn, recover, startCitusWorld } from '../support/citus/citus-world.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'
import type { ProtocolMessage } from '../support/faults/protocol-messages.ts'
import { createClient } from '../support/process/service-client.ts'

const WARM_MS = 1000
const DOWN_MS = 1000
const ROUNDS = 3
const AGAIN_MS = 5000
/** Three servers recover on the cores that the service and its clients have. */
const SLACK_MS = 1500

/** A point of the two-phase commit, as it is seen between the coordinator and one worker. */
interface Point {
  readonly name: string
  readonly sender: 'client' | 'server'
  isThere(message: ProtocolMessage): boolean
  /** Whether the coordinator has decided by then that the transaction is committed. */
  readonly isDecided: boolean
}

const PREPARED: Point = {
  name: 'after a worker has prepared, before the coordinator hears of it',
  sender: 'server',
  isThere: ({ type, text }) => type === 'C' && text === 'PREPARE TRANSACTION',
  isDecided: false,
}
const DECIDED: Point = {
  name: 'between PREPARE and COMMIT PREPARED',
  sender: 'client',
  isThere: ({ type, text }) => type === 'Q' && text.startsWith('COMMIT PREPARED'),
  isDecided: true,
}

/** What Citus says to a worker when it sees to a transaction that is in doubt. */
const SETTLES = /^(COMMIT|ROLLBACK) PREPARED/

/**
 * Waits for the point on the first worker's connections, holds the message there, and does the harm. What is in doubt then
 * stays so until {@link letRecover}.
 */
function strike({ workers }: CitusWorld, point: Point, harm: () => Promise<unknown>): Promise<void> {
  const relay = workers[0]?.relay
  if (relay === undefined) throw new Error('there is no worker')
  const watch = point.sender === 'client' ? relay.onClient : relay.onServer
  return new Promise((resolve, reject) => {
    watch((message) => {
      if (!point.isThere(message)) return 'pass'
      relay.onServer(() => 'pass')
      relay.onClient(({ type, text }) => (type === 'Q' && SETTLES.test(text) ? 'reset' : 'pass'))
      harm().then(() => resolve(), reject)
      return 'hold'
    })
  })
}

function letRecover(world: CitusWorld): Promise<void> {
  for (const { relay } of world.workers) relay.onClient(() => 'pass')
  return recover(world)
}

interface Fault {
  readonly victim: 'worker' | 'coordinator'
  readonly point: Point
}

/** Under load, kills the victim at the point, starts it again, settles what is in doubt; and again; then checks every promise. */
async function checkKills(t: Test, { victim, point }: Fault): Promise<void> {
  const world = await startCitusWorld(t)
  const [worker] = world.workers
  if (worker === undefined) throw new Error('there is no worker')
  const node = victim === 'worker' ? worker.node : world.coordinator
  const service = await startRestartableService(t, world.database)
  const load = await startFaultLoad(t, { urls: [service.url] })
  let inDoubt = 0
  let since = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    await delay(WARM_MS)
    await strike(world, point, () => node.kill())
    worker.relay.reset()
    await delay(DOWN_MS)
    await node.start()
    inDoubt += await preparedOn(worker.address)
    await letRecover(world)
    since = performance.now()
  }
  t.ok(inDoubt >= ROUNDS, `${inDoubt} transactions were left prepared`)
  await delay(AGAIN_MS)
  t.match(await createClient(service.url).call('GET', '/readyz'), { status: 200 })
  await load.stop()
  const fault = `kill -9 of a ${victim} ${point.name}, ${ROUNDS} times`
  const services = [service] as const
  const again = { since, withinMs: AGAIN_MS }
  await checkPromises(t, { fault, load, database: world.database, services, again, slackMs: SLACK_MS })
}

for (const fault of [
  { victim: 'worker', point: PREPARED },
  { victim: 'worker', point: DECIDED },
  { victim: 'coordinator', point: PREPARED },
  { victim: 'coordinator', point: DECIDED },
] as const)
  t.test(`kill -9 of a ${fault.victim} ${fault.point.name}: nothing is lost, nothing done twice`, (t) =>
    checkKills(t, fault),
  )

t.test(
  'while a half is in doubt its wallet takes no write, the auditor does not judge, and recovery makes it whole',
  async (t) => {
    const world = await startCitusWorld(t)
    const service = await startRestartableService(t, world.database)
    const client = createClient(service.url)
    const users = Array.from({ length: 8 }, (_, index) => `user-${index}`)
    for (const user of users) {
      await client.open(user)
      await client.deposit(user, 100, await client.issue(user))
    }
    const before = await auditLedger(world.database)
    const [worker] = world.workers
    if (worker === undefined) throw new Error('there is no worker')

    // The worker is cut off as it is told to commit. The coordinator has decided, and says so: the client has its answer.
    const cut = strike(world, DECIDED, async () => worker.relay.reset())
    const transfers: { from: string; to: string; id: string; answer: { status: number } }[] = []
    let isCut = false
    void cut.then(() => {
      isCut = true
    })
    for (let n = 0; !isCut; n += 1) {
      const [from = '', to = ''] = [users[n % users.length], users[(n + 1) % users.length]]
      const id = await client.issue(from)
      transfers.push({ from, to, id, answer: await client.transfer(from, to, 1, id) })
    }
    const last = transfers.at(-1)
    if (last === undefined) throw new Error('there was no transfer')
    t.match(last.answer, { status: 200 }, 'it is acknowledged, since it is sure to be committed')
    t.ok((await preparedOn(worker.address)) > 0, 'a half is in doubt')

    await t.rejects(auditLedger(world.database, { restLimitMs: 1000 }), {
      name: 'NotAtRest',
      message: /prepared on workers and wait for their commit/,
    })
    const statuses = await Promise.all(
      [last.from, last.to].map(async (user) => (await client.deposit(user, 1, await client.issue(user))).status),
    )
    t.ok(statuses.includes(503), `anyone who's half is in doubt is locked: ${statuses}`)

    await letRecover(world)
    const after = await auditLedger(world.database)
    t.same(after.findings, [])
    t.equal(
      after.figures.transfers,
      before.figures.transfers + transfers.filter(({ answer }) => answer.status === 200).length,
    )
    t.match(await client.transfer(last.from, last.to, 1, last.id), { status: 200, replayed: true })
  },
)
