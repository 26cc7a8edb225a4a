import t from 'tap'
import { costsFrom, fitWeights, shardsMet } from '../../bench/scaling/scaling-costs.ts'
import { type Cluster, type Costs, randomFrom, simulate } from '../../bench/scaling/scaling-model.ts'
import { STATEMENTS } from '../../bench/scaling/simulated-batch.ts'
import { createServers, createSimulation } from '../../bench/scaling/simulated-queues.ts'

const NOTHING: Costs = {
  ...{ serviceTransfer: 0, queryBatch: 0, queryTransfer: 0, queryTask: 0, queryTaskWallet: 0 },
  ...{ workerHalf: 0, workerTask: 0, workerTaskWallet: 0, workerCommit: 0, roundTrip: 10, flush: 10 },
}
const SOME: Costs = {
  ...{ serviceTransfer: 40, queryBatch: 800, queryTransfer: 20, queryTask: 60, queryTaskWallet: 0.3 },
  ...{ workerHalf: 15, workerTask: 80, workerTaskWallet: 0.3, workerCommit: 100, roundTrip: 200, flush: 1000 },
}
const CLUSTER: Cluster = {
  ...{ workers: 4, shards: 16, cores: 2, services: 2, lanes: 2, batchMax: 512, through: 'coordinator' },
}
const LOAD = { clients: 512, wallets: 10_000, hotShare: 0 }

t.test('a seed has one result, and another seed another', async (t) => {
  const [one, again, other] = [7, 7, 8].map((seed) => simulate(SOME, CLUSTER, LOAD, 0.5, seed))
  t.strictSame(one, again)
  t.notSame(one, other)
})

t.test('no transfer is lost or made: each client has one under way, always', async (t) => {
  for (const hotShare of [0, 0.5, 1]) {
    const { sent, answered, underWay } = simulate(SOME, CLUSTER, { ...LOAD, hotShare }, 0.5, 1)
    t.equal(underWay, LOAD.clients)
    t.equal(sent, answered + underWay)
    t.ok(answered > LOAD.clients, `${answered} were answered`)
  }
})

/** Alone with one cost, a part can do so many transfers a second, and with enough clients and wallets it does. */
const BOUNDS: readonly (readonly [string, Partial<Costs>, Partial<Cluster>, number])[] = [
  ['services, one thread each', { serviceTransfer: 50 }, {}, (2 * 1e6) / 50],
  ['the cores of one coordinator', { queryTransfer: 100 }, {}, (2 * 1e6) / 100],
  [
    'the cores of all nodes that are asked',
    { queryTransfer: 400 },
    { through: 'every node', services: 8 },
    (8 * 1e6) / 400,
  ],
  ['the cores of the workers', { workerHalf: 200 }, {}, (4 * 2 * 1e6) / (2 * 200)],
  ['the cores of one machine', { workerHalf: 100, queryTransfer: 100 }, { oneMachine: true }, (2 * 1e6) / 300],
]

for (const [name, costs, cluster, bound] of BOUNDS)
  t.test(`it saturates at the analytic bound: ${name}`, async (t) => {
    const load = { ...LOAD, clients: 2048, wallets: 1e9 }
    const { perSecond } = simulate({ ...NOTHING, ...costs }, { ...CLUSTER, ...cluster }, load, 2, 1)
    t.ok(perSecond > 0.9 * bound && perSecond < 1.03 * bound, `${Math.round(perSecond)} of ${bound}`)
  })

t.test('a wallet in every transfer is locked by one batch at a time', async (t) => {
  const costs = { ...NOTHING, flush: 5000 }
  const hot = simulate(costs, { ...CLUSTER, services: 1, batchMax: 1 }, { ...LOAD, hotShare: 1 }, 1, 1)
  const cold = simulate(costs, { ...CLUSTER, services: 1, batchMax: 1, lanes: 8 }, LOAD, 1, 1)
  t.ok(hot.perSecond < 1e6 / 5000, `${hot.perSecond} a second, each with a flush at the least`)
  t.ok(cold.perSecond > 2 * hot.perSecond, `${cold.perSecond} without it`)
})

t.test('so many servers serve so many at once, in the order in which they came', async (t) => {
  const simulation = createSimulation()
  const servers = createServers(simulation, 2)
  const done: [number, number][] = []
  for (const [index, micros] of [10, 30, 10, 10].entries())
    servers.use(micros, () => void done.push([index, simulation.now()]))
  simulation.run(100)
  t.same(done, [
    [0, 10],
    [2, 20],
    [1, 30],
    [3, 30],
  ])
  t.equal(servers.busyMicros(), 60)
})

t.test(
  'anyone who needs long is served a slice at a time, and anyone who needs little is not kept waiting for it',
  async (t) => {
    const simulation = createSimulation()
    const server = createServers(simulation, 1, 10)
    const done: [string, number][] = []
    server.use(35, () => void done.push(['long', simulation.now()]))
    server.use(5, () => void done.push(['short', simulation.now()]))
    simulation.run(100)
    t.same(done, [
      ['short', 15],
      ['long', 40],
    ])
    t.equal(server.busyMicros(), 40)
  },
)

t.test('random numbers are spread evenly from 0 to 1', async (t) => {
  const random = randomFrom(1)
  const drawn = Array.from({ length: 10_000 }, random)
  t.ok(drawn.every((number) => number >= 0 && number < 1))
  t.ok(Math.abs(drawn.reduce((sum, number) => sum + number, 0) / drawn.length - 0.5) < 0.01)
})

t.test('costs are found again in figures that they made', async (t) => {
  const sample = (shards: number, batch: number) => {
    const touched = 2 * batch
    const tasks = (STATEMENTS * shardsMet(shards, touched)) / batch
    const coordinator =
      SOME.queryBatch / batch + SOME.queryTransfer + tasks * (SOME.queryTask + touched * SOME.queryTaskWallet)
    const onWorkers =
      2 * SOME.workerHalf +
      tasks * (SOME.workerTask + touched * SOME.workerTaskWallet) +
      (4 * SOME.workerCommit) / batch
    const cpuMicros = { service: 40, coordinator, 'worker 1': onWorkers / 2, 'worker 2': onWorkers / 2 }
    const rates = { perSecond: 1, p50Ms: 1, p99Ms: 1 }
    return { where: 'Citus', load: '', wallets: 10_000, shards, connections: 1, batch, cpuMicros, ...rates }
  }
  const samples = [8, 32, 64].flatMap((shards) => [4, 20, 80, 200].map((batch) => sample(shards, batch)))
  const found = costsFrom(samples, { roundTrip: 200, flush: 1000 })
  for (const [name, value] of Object.entries(SOME))
    t.ok(
      Math.abs(Number(found[name as keyof Costs]) - value) <= 0.1 * value,
      `${name}: ${found[name as keyof Costs]} for ${value}`,
    )
  t.same(
    fitWeights([
      { features: [1, 0], value: 3 },
      { features: [0, 1], value: 5 },
    ]).map(Math.round),
    [3, 5],
  )
})
