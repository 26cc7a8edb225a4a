import cluster, { type Worker } from 'node:cluster'
import { AggregatorRegistry, type Registry } from 'prom-client'

/*
 * Several processes that share one port answer for all of them, whichever is asked: that one asks the first process, which asks every
 * worker. Only figures go to and fro, as prom-client writes them.
 */

type Figures = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

/** A worker is busy, or about to end: its figures of last time will do. */
const TELL_LIMIT_MS = 1000

type Message =
  /** A worker asks for the figures of all. */
  | { readonly metrics: 'ask'; readonly id: number }
  /** The first process asks a worker for its own. */
  | { readonly metrics: 'tell'; readonly id: number }
  | { readonly metrics: 'told'; readonly id: number; readonly figures: Figures }
  | { readonly metrics: 'all'; readonly id: number; readonly figures: readonly Figures[] }

/** In the first process: answers workers that ask. What those counted that have ended goes on being counted. */
export function answerWorkers(): void {
  const latest = new Map<number, Figures>()
  const waiting = new Map<number, (worker: Worker) => void>()
  let ended: Promise<Figures> = Promise.resolve([])
  let lastID = 0

  async function gather(): Promise<readonly Figures[]> {
    const asked = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected() === true)
    lastID += 1
    const id = lastID
    const missing = new Set(asked)
    await new Promise<void>((resolve) => {
      if (missing.size === 0) return resolve()
      const limit = setTimeout(resolve, TELL_LIMIT_MS)
      waiting.set(id, (worker) => {
        missing.delete(worker)
        if (missing.size > 0) return
        clearTimeout(limit)
        resolve()
      })
      for (const worker of asked) send(worker, { metrics: 'tell', id })
    })
    waiting.delete(id)
    for (;;) {
      const soFar = ended
      const past = await soFar
      // One may have ended meanwhile.
      if (soFar === ended) return [...latest.values(), past]
    }
  }

  cluster.on('message', (worker, message: unknown) => {
    if (!isMessage(message)) return
    if (message.metrics === 'ask') {
      const { id } = message
      void gather().then((figures) => send(worker, { metrics: 'all', id, figures }))
    } else if (message.metrics === 'told') {
      latest.set(worker.id, message.figures)
      waiting.get(message.id)?.(worker)
    }
  })
  cluster.on('exit', (worker) => {
    const last = latest.get(worker.id) ?? []
    latest.delete(worker.id)
    const counted = last.filter(({ type }) => String(type) === 'counter' || String(type) === 'histogram')
    ended = ended.then((past) => AggregatorRegistry.aggregate([past, counted]).getMetricsAsJSON())
  })
}

/** In a worker: the figures of all of them, as one registry. */
export function gatherFromWorkers(own: Registry): () => Promise<Registry> {
  const waiting = new Map<number, (figures: readonly Figures[]) => void>()
  let lastID = 0
  process.on('message', async (message: unknown) => {
    if (!isMessage(message)) return
    if (message.metrics === 'tell')
      process.send?.({ metrics: 'told', id: message.id, figures: await own.getMetricsAsJSON() } satisfies Message)
    else if (message.metrics === 'all') {
      waiting.get(message.id)?.(message.figures)
      waiting.delete(message.id)
    }
  })
  return async () => {
    lastID += 1
    const id = lastID
    const figures = await new Promise<readonly Figures[]>((resolve) => {
      waiting.set(id, resolve)
      process.send?.({ metrics: 'ask', id } satisfies Message)
    })
    return AggregatorRegistry.aggregate([...figures])
  }
}

/** One that is ending is no one to tell. */
function send(worker: Worker | undefined, message: Message): void {
  if (worker?.isConnected() === true) worker.send(message, () => {})
}

/** Of our own making, among whatever else is sent between processes. */
function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'metrics' in message
}
