import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { toURL } from '../../db/address.ts'
import { answerWorkers } from '../adapters/prometheus/workers.ts'
import { listeningAt, type RunningService, startEmbedded } from './compose.ts'
import type { Config } from './config.ts'

/** Which worker a process is, from 1; one that takes another's place has its number. */
const NUMBER = 'WALLET_WORKER'
const FIRST_RESTART_DELAY_MS = 100
const MAX_RESTART_DELAY_MS = 10_000

/** The first worker could not start, and said why. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed'
}

/** The number of this process; `undefined` unless it is a worker. */
export function workerNumber(): number | undefined {
  return cluster.isWorker ? Number(process.env[NUMBER]) : undefined
}

/**
 * Several processes on one port, each a whole service with connections of its own, and this one, which starts the embedded
 * PostgreSQL if there is to be one, hands connections round, and replaces a worker that has ended. They share nothing but
 * the database, like instances on several machines. Without this process Node.js ends them.
 *
 * @throws {WorkerFailed} if the first one can't start. It migrates, so that the others find nothing to do.
 */
export async function startWorkers(config: Config, logger: FastifyBaseLogger): Promise<RunningService> {
  const embedded = config.database === undefined ? await startEmbedded(config, logger) : undefined
  const database = embedded === undefined ? {} : { DATABASE_URL: toURL(embedded.address) }
  const running = new Map<number, Worker>()
  let stopping = false
  answerWorkers()

  function start(number: number): Worker {
    const worker = cluster.fork({ ...database, [NUMBER]: String(number) })
    running.set(number, worker)
    return worker
  }

  /** Until the service stops. Each start that comes to nothing makes the next one wait longer. */
  async function keep(number: number, first: Worker): Promise<void> {
    let worker = first
    let delayMs = FIRST_RESTART_DELAY_MS
    for (;;) {
      worker.once('listening', () => {
        delayMs = FIRST_RESTART_DELAY_MS
      })
      const how = await ending(worker)
      running.delete(number)
      if (stopping) return
      logger.error(`worker ${number} ended with ${how}; starting another in its place`)
      await delay(delayMs)
      if (stopping) return
      delayMs = Math.min(2 * delayMs, MAX_RESTART_DELAY_MS)
      worker = start(number)
    }
  }

  const first = start(1)
  const started = await Promise.race([once(first, 'listening'), ending(first)])
  if (typeof started === 'string') {
    await embedded?.stop()
    throw new WorkerFailed(`the first worker ended with ${started}`)
  }
  const kept = [keep(1, first)]
  for (let number = 2; number <= config.workers; number += 1) kept.push(keep(number, start(number)))
  const [{ address, port }] = started
  const url = listeningAt({ address, port, family: '' }, config.host)
  logger.info(`listening at ${url}/api/v1 with ${config.workers} workers`)

  return {
    url,
    async stop() {
      stopping = true
      for (const worker of running.values()) worker.process.kill('SIGTERM')
      await Promise.all(kept)
      await embedded?.stop()
    },
  }
}

/** How it ended, once it has. */
async function ending(worker: Worker): Promise<string> {
  const { exitCode, signalCode } = worker.process
  const [code, signal] = (exitCode ?? signalCode) ? [exitCode, signalCode] : await once(worker, 'exit')
  return String(signal ?? `exit code ${code}`)
}
