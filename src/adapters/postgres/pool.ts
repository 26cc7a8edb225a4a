import type { PoolReading } from '../../ports/telemetry.ts'
import type { Connection } from './connection.ts'

export interface ConnectionPool {
  /** Gives `work` a connection to itself. When it throws, the connection is discarded, since no one knows what it still holds. */
  use<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result>
  /** What its connections do right now. */
  reading(): PoolReading
  /** Gives up all its connections, those in use when their work is done: they lead to a server that is no longer the right one. */
  renew(): void
  close(): Promise<void>
}

/** At most `size` connections, opened when first needed and replaced when they die. */
export function createConnectionPool(size: number, open: () => Promise<Connection>): ConnectionPool {
  const idle: Connection[] = []
  const waiting: (() => void)[] = []
  let inUse = 0
  let renewals = 0
  /** What is in use is given up when its work is done. */
  let closed = false

  async function take(): Promise<Connection> {
    while (inUse >= size) await new Promise<void>((resolve) => waiting.push(resolve))
    inUse += 1
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (!connection.isDead()) return connection
      connection.discard()
    }
    try {
      return await open()
    } catch (error) {
      giveBack()
      throw error
    }
  }

  function giveBack(): void {
    inUse -= 1
    waiting.shift()?.()
  }

  return {
    async use(work) {
      const renewalsBefore = renewals
      const connection = await take()
      try {
        const result = await work(connection)
        if (renewals === renewalsBefore && !closed) idle.push(connection)
        else connection.discard()
        return result
      } catch (error) {
        // What took this connection may have taken those at rest, and they would hear of it only at their own deadlines,
        // one after another: four of them would outlast a request.
        if (connection.isDead()) for (const other of idle.splice(0)) other.discard()
        connection.discard()
        throw error
      } finally {
        giveBack()
      }
    },
    reading: () => ({ inUse, idle: idle.length, waiting: waiting.length }),
    renew() {
      renewals += 1
      for (const connection of idle.splice(0)) connection.discard()
    },
    async close() {
      closed = true
      await Promise.all(idle.splice(0).map((connection) => connection.close()))
    },
  }
}
