import type { ServerAddress } from '../../../db/address.ts'
import type { Epoch } from '../../domain/epoch.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import { StoreError } from '../../ports/wallet-store.ts'
import type { Deliveries, Delivery, DeliveryRight } from '../../ports/webhook.ts'
import { TIMEOUTS_MS } from '../../timeouts.ts'
import { type Connection, openConnection } from './connection.ts'
import * as deliveryStatements from './delivery-statements.ts'
import { isBug } from './errors.ts'
import { readFeedEnd } from './feed.ts'
import { prepareDelivery } from './prepare.ts'
import { type DeliveryRow, readInstant } from './rows.ts'

const LOCK = 'wallet-service webhook'

/**
 * The right to deliver is a lock of a session, on a connection of its own, and what is kept is written on that connection:
 * once the lock is gone, nothing more can be written. Its server ends a session that is silent for longer than a message may take.
 */
export function createPostgresDeliveries(
  address: ServerAddress,
  leaseMs: number = TIMEOUTS_MS.webhookLease,
): Deliveries {
  /** Asks for the lock again and again. */
  let candidate: Connection | undefined

  async function ask(): Promise<Connection> {
    if (candidate?.isDead() === true) {
      candidate.discard()
      candidate = undefined
    }
    candidate ??= await asStoreErrors(() => openConnection(address, (each) => prepareDelivery(each, leaseMs)))
    return candidate
  }

  return {
    begin: async () => begin(await ask()),

    async take() {
      const connection = await ask()
      const [[lock]] = await on(connection, () =>
        connection.roundTrip((sql) => [deliveryStatements.takeLock(sql, LOCK)]),
      )
      if (lock?.ours !== true) return undefined
      candidate = undefined
      return rightOn(connection)
    },

    async close() {
      await candidate?.close()
      candidate = undefined
    },
  }
}

function rightOn(connection: Connection): DeliveryRight {
  return {
    lost: connection.death,
    read: () => on(connection, () => readDelivery(connection)),
    begin: () => begin(connection),
    async keepBatch(size) {
      await on(connection, () => connection.roundTrip((sql) => [deliveryStatements.keepBatch(sql, size)]))
    },
    async keepDelivered(upTo) {
      await on(connection, () => connection.roundTrip((sql) => [deliveryStatements.keepDelivered(sql, upTo)]))
    },
    async keepFailure(error) {
      await on(connection, () => connection.roundTrip((sql) => [deliveryStatements.keepFailure(sql, error)]))
    },
    release: () => connection.close(),
  }
}

async function begin(connection: Connection): Promise<void> {
  await on(connection, async () => {
    const end = await readFeedEnd(connection)
    await connection.roundTrip((sql) => [deliveryStatements.insertDelivery(sql, end)])
  })
}

/** As the console reads it too. */
export async function readDelivery(connection: Connection): Promise<Delivery | undefined> {
  if (connection.isDistributed()) return undefined
  const [[row]] = await connection.roundTrip((sql) => [deliveryStatements.readDelivery(sql)])
  return row && toDelivery(row)
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    after: {
      number: BigInt(row.feed_number),
      userID: row.user_id as UserID,
      id: BigInt(row.id),
      transactionID: row.transaction_id as TransactionID,
      epoch: row.epoch as Epoch,
    },
    batchSize: row.batch_size,
    deliveredAt: row.delivered_at === null ? undefined : readInstant(row.delivered_at),
    failing:
      row.failing_since === null
        ? undefined
        : { since: readInstant(row.failing_since), failures: row.failures, error: row.last_error },
    behindMs: Number(row.behind_ms),
  }
}

/** After an error no one knows what the connection still holds: with it goes the right. */
async function on<Result>(connection: Connection, work: () => Promise<Result>): Promise<Result> {
  return asStoreErrors(work).catch((error: unknown) => {
    connection.discard()
    throw error
  })
}

async function asStoreErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (isBug(error)) throw error
    throw new StoreError('unknown', `the place of the webhook: ${String(error)}`, { cause: error })
  }
}
