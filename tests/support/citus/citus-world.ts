import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { migrate } from '../../../db/migrate.ts'
import { administer, testServer } from '../database/database.ts'
import { eventually } from '../eventually.ts'
import { createProtocolRelay, type ProtocolRelay } from '../faults/protocol-relay.ts'
import { type CitusNode, nodeOnThisMachine } from './citus-node.ts'
import { createOnAllNodes } from './citus-server.ts'

/** A migrated database on a Citus whose coordinator reaches each worker through a relay. */
export interface CitusWorld {
  /** The coordinator's. */
  readonly database: ServerAddress
  readonly coordinator: CitusNode
  readonly workers: readonly {
    readonly address: ServerAddress
    readonly relay: ProtocolRelay
    readonly node: CitusNode
  }[]
}

const RECOVERY_LIMIT_MS = 30_000

export async function startCitusWorld(t: Test): Promise<CitusWorld> {
  const { address: coordinator, template, workers = [] } = testServer()
  const [setting] = await administer(coordinator, `SELECT current_setting('citus.node_conninfo') AS connections`)
  if (!String(setting?.connections).includes('sslmode=disable'))
    throw new Error(`citus.node_conninfo must have sslmode=disable: a relay reads what the nodes say to each other`)
  const relays = await Promise.all(workers.map((worker) => createProtocolRelay(t, worker)))
  const database = await createOnAllNodes(t, { coordinator, workers }, template, {
    reachedAt: relays.map(({ address }) => address),
  })
  await migrate(database, 'up')
  return {
    database,
    coordinator: await nodeOnThisMachine(coordinator),
    workers: await Promise.all(
      workers.map(async (worker, index) => ({
        address: { ...worker, database: database.database },
        relay: relays[index] ?? fail(),
        node: await nodeOnThisMachine(worker),
      })),
    ),
  }
}

function fail(): never {
  throw new Error('a worker has no relay')
}

/** How many transactions a worker has prepared in this database, and not yet committed. */
export async function preparedOn(worker: ServerAddress): Promise<number> {
  const [row] = await administer(
    worker,
    'SELECT count(*)::int AS prepared FROM pg_prepared_xacts WHERE database = current_database()',
  )
  return Number(row?.prepared)
}

/** Has the coordinator settle what is in doubt, which it does by itself every `citus.recover_2pc_interval`. */
export async function recover({ database, workers }: CitusWorld): Promise<void> {
  await eventually('nothing is in doubt', RECOVERY_LIMIT_MS, async () => {
    await administer(database, 'SELECT recover_prepared_transactions()').catch(() => {})
    const prepared = await Promise.all(workers.map(({ address }) => preparedOn(address)))
    return prepared.every((count) => count === 0) ? true : undefined
  })
}
