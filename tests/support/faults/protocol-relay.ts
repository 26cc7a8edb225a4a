import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { connectTo } from '../database/relay.ts'
import { createMessageReader, type ProtocolMessage } from './protocol-messages.ts'

/**
 * What becomes of a message: it goes on; it waits with all that comes behind it, until {@link ProtocolRelay.release};
 * it vanishes; or its connection is reset in its place.
 */
export type Verdict = 'pass' | 'hold' | 'drop' | 'reset'

/** Asked before a message goes on. `connection` counts those that were made to the relay, from 0. */
export type Judge = (message: ProtocolMessage, connection: number) => Verdict

/** Stands between a client and its PostgreSQL server, sees every message, and brings faults about. Not for TLS. */
export interface ProtocolRelay {
  /** The server as it is reached through the relay. */
  readonly address: ServerAddress
  /** How many connections were ever made to it. */
  connections(): number
  /** The server's processes for them, in that order. */
  backendPIDs(): number[]
  /** From now on `judge` is asked about what clients send, in place of the one before. */
  onClient(judge: Judge): void
  /** From now on `judge` is asked about what the server sends, in place of the one before. */
  onServer(judge: Judge): void
  /** What is held goes on. */
  release(): void
  /** Resets all connections, on both sides. */
  reset(): void
  /** Nothing passes any more on the connections there are, their ends included; new ones are accepted and hear nothing. */
  blackHole(): void
  /** New connections are passed on again. Those from before stay as they are. */
  restore(): void
  close(): Promise<void>
}

interface Connection {
  readonly sockets: readonly Socket[]
  pid: number | undefined
  isHole: boolean
  release(): void
}

export async function createProtocolRelay(t: Test, target: ServerAddress): Promise<ProtocolRelay> {
  const connections: Connection[] = []
  let judgeClient: Judge = () => 'pass'
  let judgeServer: Judge = () => 'pass'
  let swallowing = false

  const server = createServer({ noDelay: true }, (client) => {
    const index = connections.length
    if (swallowing) {
      client.on('error', () => {})
      connections.push({ sockets: [client.pause()], pid: undefined, isHole: true, release: () => {} })
      return
    }
    const upstream = connectTo(target)
    const toServer = passOn(client, upstream, 'client', (message) => judgeClient(message, index))
    const toClient = passOn(upstream, client, 'server', (message) => {
      if (message.type === 'K') connection.pid = Number(message.text)
      return judgeServer(message, index)
    })
    const connection: Connection = {
      sockets: [client, upstream],
      pid: undefined,
      isHole: false,
      release() {
        toServer.release()
        toClient.release()
      },
    }
    connections.push(connection)

    function passOn(
      from: Socket,
      to: Socket,
      sender: 'client' | 'server',
      judge: (message: ProtocolMessage) => Verdict,
    ) {
      const queue = createQueue({ to, judge, reset: () => resetAll([client, upstream]) })
      const read = createMessageReader(sender)
      from.on('error', () => {})
      from.on('data', (chunk: Buffer) => {
        if (!connection.isHole) queue.push(read(chunk))
      })
      from.on('close', () => {
        if (!connection.isHole) queue.end()
      })
      return queue
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the relay does not listen on a port')

  const relay: ProtocolRelay = {
    address: { ...target, host: '127.0.0.1', port: address.port, sslmode: 'disable' },
    connections: () => connections.length,
    backendPIDs: () => connections.flatMap(({ pid }) => pid ?? []),
    onClient(judge) {
      judgeClient = judge
    },
    onServer(judge) {
      judgeServer = judge
    },
    release() {
      for (const { release } of connections) release()
    },
    reset() {
      for (const { sockets } of connections) resetAll(sockets)
    },
    blackHole() {
      swallowing = true
      for (const connection of connections) {
        connection.isHole = true
        for (const socket of connection.sockets) socket.pause()
      }
    },
    restore() {
      swallowing = false
    },
    async close() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      for (const { sockets } of connections) for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  t.teardown(relay.close)
  return relay
}

interface QueueOptions {
  readonly to: Socket
  readonly judge: (message: ProtocolMessage) => Verdict
  readonly reset: () => void
}

/** Messages on their way in one direction, in their order; the end of the connection comes after the last of them. */
function createQueue({ to, judge, reset }: QueueOptions) {
  let waiting: ProtocolMessage[] = []
  let isHeld = false
  let hasEnded = false

  function pump(): void {
    to.cork()
    while (!isHeld) {
      const message = waiting.shift()
      if (message === undefined) break
      const verdict = judge(message)
      if (verdict === 'pass') to.write(message.bytes)
      else if (verdict === 'reset') {
        waiting = []
        reset()
      } else if (verdict === 'hold') {
        waiting.unshift(message)
        isHeld = true
      }
    }
    to.uncork()
    if (hasEnded && !isHeld) to.end()
  }

  return {
    push(messages: readonly ProtocolMessage[]) {
      waiting.push(...messages)
      pump()
    },
    end() {
      hasEnded = true
      pump()
    },
    release() {
      if (!isHeld) return
      isHeld = false
      const first = waiting.shift()
      if (first !== undefined) to.write(first.bytes)
      pump()
    },
  }
}

/** A Unix socket knows no reset; to its other end, being destroyed comes to the same. */
function resetAll(sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    if (socket.remoteFamily === undefined) socket.destroy()
    else socket.resetAndDestroy()
  }
}
