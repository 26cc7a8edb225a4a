import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { startFaultLoad } from '../support/faults/fault-load.ts'
import { checkPromises } from '../support/faults/fault-verdict.ts'
import { startRestartableService } from '../support/faults/fault-world.ts'
import type { ProtocolMessage } from '../support/faults/protocol-messages.ts'
import { createProtocolRelay, type ProtocolRelay, type Verdict } from '../support/faults/protocol-relay.ts'

const WARM_MS = 500
/** A batch that was lost has been settled by then, on a connection that was opened and prepared anew: the next loss is not its own. */
const BETWEEN_MS = 1000

interface Point {
  readonly name: string
  readonly sender: 'client' | 'server'
  isThere(message: ProtocolMessage): boolean
  /** Whether what the batch wrote is there although no one was told. */
  readonly isWritten: boolean
}

/** The points at which a batch can be cut in two, seen from its connection. */
const POINTS: readonly Point[] = [
  {
    name: 'between the lock and the write',
    sender: 'client',
    isThere: ({ type, text }) => type === 'B' && text.startsWith('INSERT INTO user_wallet_transaction'),
    isWritten: false,
  },
  {
    name: 'between the write and COMMIT',
    sender: 'client',
    isThere: ({ type, text }) => type === 'Q' && text === 'COMMIT',
    isWritten: false,
  },
  {
    name: 'after COMMIT, before its answer',
    sender: 'server',
    isThere: ({ type, text }) => type === 'C' && text === 'COMMIT',
    isWritten: true,
  },
]

/** How the connection is lost there: what becomes of the message, and what is done besides. */
interface Loss {
  readonly name: string
  readonly verdict: Verdict
  readonly times: number
  /** From the loss to the time at which the service must work again. */
  readonly againWithinMs: number
  also(relay: ProtocolRelay, connection: number, database: ServerAddress): Promise<unknown>
}

const AGAIN_MS = 2000

const LOSSES: readonly Loss[] = [
  { name: 'reset', verdict: 'reset', times: 10, againWithinMs: AGAIN_MS, also: async () => {} },
  {
    name: 'terminated',
    verdict: 'hold',
    times: 10,
    againWithinMs: AGAIN_MS,
    also: (relay, connection, database) =>
      administer(database, `SELECT pg_terminate_backend(${relay.backendPIDs()[connection] ?? 0})`),
  },
  // No one is told of it: the round trip's limit finds out.
  { name: 'silent', verdict: 'hold', times: 3, againWithinMs: TIMEOUTS_MS.roundTrip + AGAIN_MS, also: async () => {} },
]

for (const point of POINTS) {
  for (const loss of LOSSES) {
    // Once the server has answered, its end changes nothing.
    if (loss.name === 'terminated' && point.sender === 'server') continue
    t.test(`a connection that is ${loss.name} ${point.name}: the service settles the batch by itself`, async (t) => {
      const database = await createTestDatabase(t)
      const relay = await createProtocolRelay(t, database)
      const service = await startRestartableService(t, relay.address)
      const load = await startFaultLoad(t, { urls: [service.url] })
      await delay(WARM_MS)
      let since = 0
      for (let times = 0; times < loss.times; times += 1) {
        await cutOnce(relay, point, (connection) => loss.also(relay, connection, database), loss.verdict)
        since = performance.now()
        await delay(loss.againWithinMs - AGAIN_MS + BETWEEN_MS)
      }
      await delay(loss.againWithinMs)
      await load.stop()
      const fault = `connection ${loss.name} ${point.name}, ${loss.times} times`
      const again = { since, withinMs: loss.againWithinMs }
      const figures = await checkPromises(t, { fault, load, database, services: [service], again })
      t.equal(figures.unknown + figures.turnedAway, 0, 'no client noticed')
      if (point.isWritten) t.ok(figures.settledByService > 0, 'some had been executed, which their repetition told')
    })
  }
}

/** Waits for the point, and loses the connection there. */
function cutOnce(
  relay: ProtocolRelay,
  point: Point,
  also: (connection: number) => Promise<unknown>,
  verdict: Verdict,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const watch = point.sender === 'client' ? relay.onClient : relay.onServer
    watch((message, connection) => {
      if (!point.isThere(message)) return 'pass'
      watch(() => 'pass')
      also(connection).then(() => resolve(), reject)
      return verdict
    })
  })
}
