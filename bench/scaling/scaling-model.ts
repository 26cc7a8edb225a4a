import { createBatchRunner, type QueryNode } from './simulated-batch.ts'
import { createServers, createSimulation, type Servers, type Simulation } from './simulated-queues.ts'

/** What things cost, in microseconds; measured on three nodes (`npm run bench:citus`). */
export interface Costs {
  /** CPU of the service, one thread, for each transfer. */
  readonly serviceTransfer: number
  /** CPU of the node that the service asks: for each batch, each transfer, and each shard that a statement goes to. */
  readonly queryBatch: number
  readonly queryTransfer: number
  readonly queryTask: number
  /** CPU of a worker: for each transfer's half, each shard that a statement goes to, and each of the two steps of a commit. */
  readonly workerHalf: number
  readonly workerTask: number
  readonly workerCommit: number
  /** A statement to a shard names all wallets of the batch: for each of them, on the node that asks and on the worker. */
  readonly queryTaskWallet: number
  readonly workerTaskWallet: number
  /** From one node to another and back. */
  readonly roundTrip: number
  /** A flush of the log. */
  readonly flush: number
}

export interface Cluster {
  readonly workers: number
  readonly shards: number
  readonly cores: number
  /** Services, each on a machine of its own. */
  readonly services: number
  readonly lanes: number
  readonly batchMax: number
  /** All services ask one coordinator, or each of them one of the workers. */
  readonly through: 'coordinator' | 'every node'
  /** Whether all nodes and services share the cores of one machine, as where the costs were measured. */
  readonly oneMachine?: boolean
}

export interface Load {
  /** Each has one transfer on its way, always. */
  readonly clients: number
  readonly wallets: number
  /** How many of all transfers have one certain wallet on one side. */
  readonly hotShare: number
}

export interface Simulated {
  readonly perSecond: number
  readonly meanMs: number
  readonly batch: number
  /** How busy each kind of part was, the busiest of its kind: 1 is always. */
  readonly busy: Readonly<Record<'service' | 'coordinator' | 'worker' | 'flush', number>>
  /** Transfers that were sent, answered, and on their way in the end. */
  readonly sent: number
  readonly answered: number
  readonly underWay: number
}

const HOT_WALLET = 0
/** About what Linux gives a process before it is another's turn. */
const SLICE_MICROS = 1000
const START_WITHIN_MICROS = 1000

/** Mulberry32: small, and the same everywhere for a seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Transfer {
  readonly client: number
  readonly wallets: readonly [number, number]
  readonly sentAt: number
}

interface Service extends QueryNode {
  readonly cpu: Servers
  readonly waiting: Transfer[]
  /** The wallets of batches in flight; see src/app/batcher.ts. */
  readonly busy: Set<number>
  freeLanes: number
  inFlight: number
}

/** All parts, and how busy each was so far. */
function build(simulation: Simulation, cluster: Cluster) {
  const all = cluster.oneMachine === true ? createServers(simulation, cluster.cores, SLICE_MICROS) : undefined
  const machine = () => all ?? createServers(simulation, cluster.cores, SLICE_MICROS)
  const coordinator = { queryCPU: machine(), queryFlush: createServers(simulation, 1) }
  const workers = Array.from({ length: cluster.workers }, () => ({
    cpu: machine(),
    flush: createServers(simulation, 1),
  }))
  const services = Array.from({ length: cluster.services }, (_, index): Service => {
    const worker = cluster.through === 'every node' ? workers[index % workers.length] : undefined
    const asked = worker === undefined ? coordinator : { queryCPU: worker.cpu, queryFlush: worker.flush }
    const cpu = all ?? createServers(simulation, 1)
    return { ...asked, cpu, waiting: [], busy: new Set(), freeLanes: cluster.lanes, inFlight: 0 }
  })
  return {
    ...{ workers, services },
    busyMicros: () => ({
      service: services.map(({ cpu }) => (all === undefined ? cpu.busyMicros() : cpu.busyMicros() / cluster.cores)),
      coordinator: [coordinator.queryCPU.busyMicros() / cluster.cores],
      worker: workers.map(({ cpu }) => cpu.busyMicros() / cluster.cores),
      flush: [coordinator.queryFlush, ...workers.map(({ flush }) => flush)].map((flush) => flush.busyMicros()),
    }),
  }
}

type BusyMicros = ReturnType<ReturnType<typeof build>['busyMicros']>

/** Of each kind of part the busiest, as a share of the time. */
function busiest(before: BusyMicros, after: BusyMicros, micros: number): Simulated['busy'] {
  const of = (part: keyof BusyMicros) =>
    Math.max(...after[part].map((spent, index) => spent - (before[part][index] ?? 0))) / micros
  return { service: of('service'), coordinator: of('coordinator'), worker: of('worker'), flush: of('flush') }
}

/**
 * Even shares over the lanes and one more, and past that what shares a wallet with the batch; what shares one with a batch
 * in flight waits for it.
 */
function takeBatch(service: Service, { lanes, batchMax }: Cluster): readonly Transfer[] {
  const about = service.waiting.length + service.inFlight
  const share = Math.min(batchMax, Math.max(1, Math.ceil(about / (lanes + 1))))
  const batch: Transfer[] = []
  const held: Transfer[] = []
  const taken = new Set<number>()
  for (const transfer of service.waiting) {
    const { wallets } = transfer
    const isFree = batch.length < batchMax && !wallets.some((wallet) => service.busy.has(wallet))
    if (isFree && (batch.length < share || wallets.some((wallet) => taken.has(wallet)))) {
      batch.push(transfer)
      for (const wallet of wallets) taken.add(wallet)
    } else held.push(transfer)
  }
  if (batch.length > 0) service.waiting.splice(0, service.waiting.length, ...held)
  return batch
}

/** Simulates `seconds` after a tenth as much to warm up. The same for the same seed. */
export function simulate(costs: Costs, cluster: Cluster, load: Load, seconds: number, seed: number): Simulated {
  const random = randomFrom(seed)
  const simulation = createSimulation()
  const { workers, services, busyMicros } = build(simulation, cluster)
  const runBatch = createBatchRunner(simulation, costs, cluster.shards, workers)
  const warmUpMicros = (seconds * 1e6) / 10
  const count = { sent: 0, answered: 0, batches: 0, waitedMicros: 0, measured: 0 }

  function draw(): readonly [number, number] {
    const one = random() < load.hotShare ? HOT_WALLET : Math.floor(random() * load.wallets)
    let other = one
    while (other === one) other = Math.floor(random() * load.wallets)
    return [one, other]
  }

  function send(client: number, service: Service): void {
    count.sent += 1
    const transfer = { client, wallets: draw(), sentAt: simulation.now() }
    service.cpu.use(costs.serviceTransfer, () => {
      service.waiting.push(transfer)
      fill(service)
    })
  }

  function fill(service: Service): void {
    while (service.freeLanes > 0) {
      const batch = takeBatch(service, cluster)
      if (batch.length === 0) return
      const wallets = new Set(batch.flatMap((transfer) => transfer.wallets))
      for (const wallet of wallets) service.busy.add(wallet)
      service.freeLanes -= 1
      service.inFlight += batch.length
      count.batches += 1
      runBatch(service, batch.length, [...wallets], () => {
        for (const wallet of wallets) service.busy.delete(wallet)
        service.freeLanes += 1
        service.inFlight -= batch.length
        for (const transfer of batch) answer(transfer, service)
        fill(service)
      })
    }
  }

  function answer({ client, sentAt }: Transfer, service: Service): void {
    count.answered += 1
    if (simulation.now() > warmUpMicros) {
      count.measured += 1
      count.waitedMicros += simulation.now() - sentAt
    }
    send(client, service)
  }

  for (let client = 0; client < load.clients; client += 1) {
    const service = services[client % services.length]
    if (service !== undefined) simulation.after(random() * START_WITHIN_MICROS, () => send(client, service))
  }
  simulation.run(warmUpMicros)
  const before = busyMicros()
  simulation.run(warmUpMicros + seconds * 1e6)
  return {
    perSecond: count.measured / seconds,
    meanMs: count.waitedMicros / count.measured / 1000,
    batch: count.answered / Math.max(1, count.batches),
    busy: busiest(before, busyMicros(), seconds * 1e6),
    ...{ sent: count.sent, answered: count.answered, underWay: count.sent - count.answered },
  }
}
