import type { Socket } from 'node:net'
import postgres from 'postgres'
import type { ServerAddress } from '../../../db/address.ts'
import { reachFirst, requireTarget } from '../../../db/hosts.ts'
import { TIMEOUTS_MS } from '../../timeouts.ts'
import { openSocket } from './socket.ts'
import type { Sql } from './sql.ts'
import { adaptToCitus, readRole } from './statements.ts'

/** A round trip failed, or the connection was dead before it. What it had sent may have been done. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
}

/** One connection with one user of it at a time. After an error it is of no more use: {@link Connection.discard} it. */
export interface Connection {
  /** Sends all statements at once and waits for all of them; fails with the server's error, or a {@link ConnectionError}. */
  roundTrip<const Results extends readonly postgres.Row[][]>(
    send: (sql: Sql) => { [Index in keyof Results]: postgres.PendingQuery<Results[Index]> },
  ): Promise<{ [Index in keyof Results]: postgres.RowList<Results[Index]> }>
  isDead(): boolean
  /** Aborted when it dies. */
  readonly death: AbortSignal
  /** Whether the tables lie on the workers of a Citus; some statements have another form there. */
  isDistributed(): boolean
  /** Gives the connection up at once, whatever it is doing. */
  discard(): void
  /** Says goodbye to the server. */
  close(): Promise<void>
}

/**
 * Opens a connection. This is the only place that calls `postgres()`, and the way it is held is forced: used as it is used
 * every day, version 3.4.9 reconnects behind our back when a connection dies, and the rest of a batch then runs
 * outside its transaction, without its locks (873 duplicate sequence numbers in one run of faults). So the socket
 * is ours, single-use, and we hear it die ourselves. Not to be used: `begin`, `reserve`, `cancel`, `listen`, cursors,
 * COPY, `ssl`.
 *
 * @param warmUp prepares every statement that the connection will run. Otherwise the first use of one parks those behind
 *   it in a queue that outlives the connection.
 */
export function openConnection(address: ServerAddress, warmUp: WarmUp): Promise<Connection> {
  const deadline = performance.now() + TIMEOUTS_MS.open
  return reachFirst(address, TIMEOUTS_MS.open, (server, limitMs) => openAt(server, { limitMs, deadline }, warmUp))
}

type WarmUp = (connection: Connection) => Promise<void>

/** @param limits `limitMs` until the server has answered, and `deadline` for all of it. */
async function openAt(
  address: ServerAddress,
  limits: { readonly limitMs: number; readonly deadline: number },
  warmUp: WarmUp,
): Promise<Connection> {
  const start = performance.now()
  const socket = await openSocket(address, limits.limitMs)
  let death: ConnectionError | undefined
  const dying = new AbortController()
  let rejectInFlight: ((error: ConnectionError) => void) | undefined
  let handedOver = false
  let distributed = false

  function die(reason: string, cause?: unknown): void {
    death ??= new ConnectionError(reason, { cause })
    rejectInFlight?.(death)
    rejectInFlight = undefined
    dying.abort(death)
  }
  socket.on('error', (error) => die(`the connection broke: ${error.message}`, error))
  socket.on('close', () => {
    die('the connection was closed')
    // The package takes all listeners off a closed socket; without one, a late error would end the process.
    setImmediate(() => socket.on('error', () => {}))
  })

  const sql = postgres({
    ...{ host: address.host, port: address.port, database: address.database },
    ...{ username: address.user, password: address.password },
    ...socketOption(async () => {
      if (handedOver || death !== undefined) throw new ConnectionError('a connection does not reconnect')
      handedOver = true
      return socket
    }),
    max: 1,
    fetch_types: false,
    prepare: true,
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: TIMEOUTS_MS.open / 1000,
    keep_alive: 5,
    onnotice: () => {},
    connection: serverSettings(),
  })

  const connection: Connection = {
    roundTrip(send) {
      return new Promise((resolve, reject) => {
        if (death !== undefined) return reject(death)
        sendTogether(socket)
        const answers = Promise.all(send(sql))
        const deadline = setTimeout(() => die(`no answer within ${TIMEOUTS_MS.roundTrip} ms`), TIMEOUTS_MS.roundTrip)
        const settled = () => {
          clearTimeout(deadline)
          rejectInFlight = undefined
        }
        rejectInFlight = (error) => {
          settled()
          reject(error)
        }
        answers.then(
          (results) => {
            if (death !== undefined) return
            settled()
            resolve(results as never)
          },
          (error: unknown) => {
            if (death !== undefined) return
            settled()
            reject(error)
          },
        )
      })
    },
    isDead: () => death !== undefined,
    death: dying.signal,
    isDistributed: () => distributed,
    discard() {
      die('the connection was discarded')
      void sql.end({ timeout: 0 }).catch(() => {})
      socket.destroy()
    },
    async close() {
      await sql.end({ timeout: TIMEOUTS_MS.open / 1000 }).catch(() => {})
      connection.discard()
    },
  }

  const endAfter = (leftMs: number) => setTimeout(() => die(`not ready within ${TIMEOUTS_MS.open} ms`), leftMs)
  let timer = endAfter(limits.limitMs - (performance.now() - start))
  try {
    const [adapted] = await connection.roundTrip((sql) => [adaptToCitus(sql)])
    distributed = adapted.length > 0
    if (address.target !== undefined) {
      const [[role]] = await connection.roundTrip((sql) => [readRole(sql)])
      requireTarget(address.target, role)
    }
    // It is this one: what is left of the time is its own.
    clearTimeout(timer)
    timer = endAfter(limits.deadline - performance.now())
    await warmUp(connection)
    return connection
  } catch (error) {
    connection.discard()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Holds back what is written until the statements of this turn are all written: one system call, and one awakening
 * of the server, for a round trip instead of one for each statement. The package writes them in microtasks, which are
 * done before the tick after this one begins.
 */
function sendTogether(socket: Socket): void {
  socket.cork()
  process.nextTick(() => process.nextTick(() => socket.uncork()))
}

/** In the package's README, missing from its types. */
function socketOption(socket: () => Promise<Socket>): object {
  return { socket }
}

/** Bounds that the server keeps, and plans that stay right while the tables grow. */
function serverSettings(): Record<string, string | number> {
  return {
    application_name: 'wallet-service',
    TimeZone: 'UTC',
    // What is read after a lock was waited for must be what its last holder committed.
    default_transaction_isolation: 'read committed',
    lock_timeout: TIMEOUTS_MS.lock,
    statement_timeout: TIMEOUTS_MS.statement,
    idle_in_transaction_session_timeout: TIMEOUTS_MS.idleInTransaction,
    client_connection_check_interval: TIMEOUTS_MS.clientCheck,
    idle_session_timeout: TIMEOUTS_MS.orphan,
    // A statement prepared while a table is empty would scan it sequentially ever after; each of ours has its index.
    plan_cache_mode: 'force_generic_plan',
    enable_seqscan: 'off',
    jit: 'off',
  }
}
