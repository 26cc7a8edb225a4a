import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { ServerAddress } from '../../../db/address.ts'
import { connectTo } from '../database/relay.ts'
import type { Lifetime } from '../lifetime.ts'

/** What passes through the relay: towards the server anything, or a COMMIT; back from it anything, or COMMIT's answer. */
export const MOMENTS = ['request', 'commit', 'answer', 'committed'] as const
export type Moment = (typeof MOMENTS)[number]

export const DEEDS = [
  /** The connection is cut, and what was passing is lost. */
  'cut',
  /** What was passing arrives, then the connection is cut. */
  'cut after',
  /** Half of what was passing arrives, then the connection is cut. */
  'cut within',
  /** What was passing arrives `ms` later. */
  'hold',
  /** The service loses its connection, the server does not: what was passing arrives there `ms` later, as a ghost. */
  'haunt',
  /** The server ends the sessions of the service. */
  'terminate',
  /** The service's own clients are cut off. */
  'hang up',
] as const
export type Deed = (typeof DEEDS)[number]

/** Strikes when the `nth` of its moments, from 1 on, passes. */
export interface Fault {
  readonly moment: Moment
  readonly nth: number
  readonly deed: Deed
  readonly ms: number
}

export interface FaultyRelay {
  /** The server as it is reached through the relay. */
  readonly address: ServerAddress
  /** Adds a fault, whose moments count from now on. */
  expect(fault: Fault): void
  /** How many faults have struck. */
  struck(): number
  /** From now on nothing more strikes. */
  calm(): void
}

export interface FaultyRelayOptions {
  readonly faults?: readonly Fault[]
  terminate?(): void
  hangUp?(): void
}

interface Link {
  readonly client: Socket
  readonly upstream: Socket
  /** The server's side outlives the client's. */
  haunted: boolean
}

/** As the protocol has it: COMMIT in a statement's text, and the tag of its answer. */
const COMMIT = 'COMMIT'
const COMMITTED = 'COMMIT\0'

/** Stands between a service and its database server, and lets the faults strike where they are due. */
export async function createFaultyRelay(
  t: Lifetime,
  target: ServerAddress,
  { faults = [], terminate = () => {}, hangUp = () => {} }: FaultyRelayOptions = {},
): Promise<FaultyRelay> {
  const sockets = new Set<Socket>()
  const expected = [...faults]
  const passed: Record<Moment, number> = { request: 0, commit: 0, answer: 0, committed: 0 }
  let struck = 0
  let calm = false

  function due(moments: readonly Moment[]): Fault | undefined {
    for (const moment of moments) passed[moment] += 1
    return calm ? undefined : expected.find(({ moment, nth }) => moments.includes(moment) && passed[moment] === nth)
  }

  function pass(link: Link, from: Socket, to: Socket, data: Buffer): void {
    const upwards = to === link.upstream
    const fault = due(momentsOf(data, upwards))
    if (fault === undefined) {
      to.write(data)
      return
    }
    struck += 1
    switch (fault.deed) {
      case 'cut':
        cut(link)
        return
      case 'cut after':
        to.end(data, () => cut(link))
        return
      case 'cut within':
        to.end(data.subarray(0, data.length / 2), () => cut(link))
        return
      case 'hold':
        from.pause()
        setTimeout(() => {
          to.write(data)
          from.resume()
        }, fault.ms)
        return
      case 'haunt':
        link.haunted = true
        link.client.destroy()
        setTimeout(() => link.upstream.end(upwards ? data : ''), fault.ms)
        return
      case 'terminate':
        terminate()
        to.write(data)
        return
      case 'hang up':
        hangUp()
        to.write(data)
        return
      default:
        fault.deed satisfies never
    }
  }

  const server = createServer((client) => {
    const upstream = connectTo(target)
    const link: Link = { client, upstream, haunted: false }
    client.setNoDelay(true)
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(from)
      from.on('data', (data: Buffer) => pass(link, from, to, data))
      from.on('error', () => from.destroy())
      from.on('close', () => {
        sockets.delete(from)
        if (!link.haunted) to.end()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return {
    address: { ...target, host: '127.0.0.1', port },
    expect: (fault) => void expected.push({ ...fault, nth: passed[fault.moment] + fault.nth }),
    struck: () => struck,
    calm() {
      calm = true
    },
  }
}

function momentsOf(data: Buffer, upwards: boolean): readonly Moment[] {
  if (upwards) return data.includes(COMMIT) ? ['request', 'commit'] : ['request']
  return data.includes(COMMITTED) ? ['answer', 'committed'] : ['answer']
}

function cut({ client, upstream }: Link): void {
  client.destroy()
  upstream.destroy()
}
