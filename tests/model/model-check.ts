import type { ServerAddress } from '../../db/address.ts'
import { connect, migrationNames } from '../../db/migrate.ts'
import { HTTP_TIMEOUTS, type HTTPTimeouts } from '../../src/adapters/fastify/http.ts'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import { createSignedTransactionIDs } from '../../src/adapters/signed-transaction-ids/transaction-ids.ts'
import type { ServiceBounds } from '../../src/app/wallet-service.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { createFaultyRelay, type Fault, type FaultyRelay } from '../support/faults/faulty-relay.ts'
import { KEY, listen, type Send, startHTTP } from '../support/http/http.ts'
import { type Lifetime, withLifetime } from '../support/lifetime.ts'
import { castOf } from './cast.ts'
import { dump } from './model-dump.ts'
import { type Figures, notable } from './model-figures.ts'
import { play, type Recording } from './play-plan.ts'
import { calmPlans, faultyPlans, type Plan, planOf } from './random-plans.ts'
import { explainHistory } from './wallet-model.ts'

/** A history that no order explains. */
export class Unexplained extends Error {
  override readonly name = 'Unexplained'
}

/** Short, so that a fault leaves requests unanswered in a time that a test can wait. */
const DEADLINE_MS = 150

const transactionIDs = createSignedTransactionIDs([KEY])

/** Two services over one memory store, each behind an HTTP adapter of its own. */
export async function startOverMemory(t: Lifetime): Promise<readonly Send[]> {
  const store = createMemoryWalletStore(() => fromMilliseconds(Date.now()))
  const services = await Promise.all([startHTTP(t, { store }), startHTTP(t, { store })])
  return services.map(({ send }) => send)
}

/** Plays a seed against services over the memory store, one of them or two, without faults. */
export async function checkOverMemory(services: readonly Send[], seed: number): Promise<Figures> {
  const plan = planOf(seed, calmPlans)
  const cast = castOf(plan, String(seed), transactionIDs)
  const recording = await play(plan, cast, services.slice(0, plan.instances.length), () => {})
  return judge(seed, plan, recording, { retries: false, faults: 0 })
}

/**
 * Plays a seed against the service as it runs: HTTP over sockets, PostgreSQL behind relays that let faults strike.
 *
 * @param round tells repetitions of one seed apart.
 */
export async function checkOverPostgres(database: ServerAddress, seed: number, round = 0): Promise<Figures> {
  const plan = planOf(seed, faultyPlans)
  let faults = 0
  const recording = await withLifetime(async (t) => {
    const terminate = await terminator(t, database)
    const instances = await Promise.all(
      plan.instances.map((faults) => startInstance(t, database, plan, faults, terminate)),
    )
    const services = instances.map(({ service }) => service)
    const recording = await play(plan, castOf(plan, `${seed}-${round}`, transactionIDs), services, () => {
      for (const { relay } of instances) relay.calm()
    })
    faults = instances.reduce((sum, { relay }) => sum + relay.struck(), 0)
    return recording
  })
  return judge(seed, plan, recording, { retries: true, faults })
}

/**
 * Whoever searches for an order of what was answered keeps this process busy for seconds, and the services in it: a request that
 * could not be read meanwhile has not come late. 0 is no limit.
 */
const NEVER_LATE: HTTPTimeouts = { ...HTTP_TIMEOUTS, requestMs: 0, connectionMs: 0 }

/** An instance of the service with a relay, a port and connections of its own. */
async function startInstance(
  t: Lifetime,
  database: ServerAddress,
  plan: Plan,
  faults: readonly Fault[],
  terminate: () => void,
): Promise<{ service: Send; relay: FaultyRelay }> {
  let hangUp = () => {}
  const relay = await createFaultyRelay(t, database, { faults, terminate, hangUp: () => hangUp() })
  const store = createPostgresWalletStore({
    address: relay.address,
    schemaVersion: (await migrationNames()).at(-1) ?? '',
    writeConnections: plan.bounds.concurrency,
    readConnections: 2,
  })
  t.teardown(() => store.close())
  const http = await startHTTP(t, { store, bounds: boundsOf(plan), timeouts: NEVER_LATE })
  hangUp = () => http.app.server.closeAllConnections()
  return { service: (await listen(t, http)).send, relay }
}

function boundsOf({ bounds: { concurrency, maxBatch, maxQueued } }: Plan): ServiceBounds {
  const reads = { concurrency: 1, maxBatch: 512, maxQueued: 1000, deadlineMs: DEADLINE_MS }
  return {
    movements: { concurrency, maxBatch, maxQueued, deadlineMs: DEADLINE_MS },
    opens: reads,
    stateChanges: reads,
    walletReads: reads,
    singleReads: { ...reads, maxBatch: 1 },
    feed: { ...reads, maxBatch: 1, maxWaiting: 0, pollMs: DEADLINE_MS },
  }
}

/** Ends the sessions of every service on the database, from a session of its own. */
async function terminator(t: Lifetime, database: ServerAddress): Promise<() => void> {
  const client = await connect(database)
  t.teardown(() => client.end())
  return () => {
    client
      .query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      )
      // A seed may be over before its last fault is.
      .catch(() => {})
  }
}

async function judge(
  seed: number,
  plan: Plan,
  { history, failed }: Recording,
  { retries, faults }: { retries: boolean; faults: number },
): Promise<Figures> {
  const { kind, order, tookEffect } = explainHistory(history, { retries })
  if (kind !== 'explained') {
    const { file, next } = await dump(seed, plan, history, order)
    throw new Unexplained(
      `seed ${seed}: its history is ${kind}; the longest order found has ${order.length} of ${history.length} operations. ` +
        `It is in ${file}. Again: npm run test:soak -- --seed ${seed}\nThe first that found no place:\n${next}`,
    )
  }
  return {
    seeds: 1,
    operations: history.length,
    failed,
    unknown: history.filter(({ answered }) => answered === undefined).length,
    tookEffect,
    replays: history.filter(({ answered }) => answered?.answer.replayed === true).length,
    faults,
    seen: notable(history),
  }
}
