import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { TransferRequest } from './workload.ts'

export interface OpenLoopResult {
  readonly offeredPerSecond: number
  readonly answeredPerSecond: number
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Milliseconds from the intended send time to the answer, ascending: of 200s, and of everything else. */
  readonly latenciesMs: readonly number[]
  readonly turnedAwayMs: readonly number[]
}

const TICK_MS = 1
const DRAIN_MS = 8000

/**
 * Sends at a fixed rate whatever the answers do, and counts each latency from the time at which the request should
 * have gone: a stalled server can't hide by stalling its clients. wrk and autocannon send the next request only when
 * one has been answered, and correct for that afterwards by guessing.
 */
export async function runOpenLoop(
  url: string,
  perSecond: number,
  seconds: number,
  connections: number,
  next: () => TransferRequest,
): Promise<OpenLoopResult> {
  const { hostname, port } = new URL(url)
  const total = Math.floor(perSecond * seconds)
  const requests = Array.from({ length: total }, () => toHTTP(next()))
  const latenciesMs: number[] = []
  const turnedAwayMs: number[] = []
  const statuses: Record<string, number> = {}
  const free: Connection[] = []
  const overdue: { text: string; intended: number }[] = []
  let answered = 0

  const all = await Promise.all(
    Array.from({ length: connections }, () => openConnection(hostname, Number(port), onAnswer)),
  )
  free.push(...all)

  function onAnswer(connection: Connection, status: string, intended: number): void {
    answered += 1
    statuses[status] = (statuses[status] ?? 0) + 1
    const list = status === '200' ? latenciesMs : turnedAwayMs
    list.push(performance.now() - intended)
    const waiting = overdue.shift()
    if (waiting === undefined) free.push(connection)
    else connection.send(waiting.text, waiting.intended)
  }

  const start = performance.now()
  let sent = 0
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * perSecond))
    for (; sent < due; sent += 1) {
      const intended = start + (sent / perSecond) * 1000
      const connection = free.pop()
      const text = requests[sent] ?? ''
      if (connection === undefined) overdue.push({ text, intended })
      else connection.send(text, intended)
    }
    await delay(TICK_MS)
  }
  const end = performance.now()
  while (answered < total && performance.now() - end < DRAIN_MS) await delay(TICK_MS)
  const lastAnswer = performance.now()
  for (const connection of all) connection.close()
  const ascending = (a: number, b: number) => a - b
  return {
    offeredPerSecond: perSecond,
    answeredPerSecond: answered / ((lastAnswer - start) / 1000),
    statuses,
    latenciesMs: latenciesMs.sort(ascending),
    turnedAwayMs: turnedAwayMs.sort(ascending),
  }
}

export function percentile(ascending: readonly number[], percent: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor((ascending.length * percent) / 100))] ?? Number.NaN
}

interface Connection {
  send(text: string, intended: number): void
  close(): void
}

/** One request at a time. The answers of this service have a content-length, and come in one or a few pieces. */
async function openConnection(
  host: string,
  port: number,
  onAnswer: (connection: Connection, status: string, intended: number) => void,
): Promise<Connection> {
  const socket: Socket = connect({ host, port, noDelay: true })
  let intendedOfThis = 0
  let received = ''
  const connection: Connection = {
    send(text, intended) {
      intendedOfThis = intended
      socket.write(text)
    },
    close: () => socket.destroy(),
  }
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text
    const head = received.indexOf('\r\n\r\n')
    if (head < 0) return
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
    if (received.length < head + 4 + length) return
    const status = received.slice(9, 12)
    received = ''
    onAnswer(connection, status, intendedOfThis)
  })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return connection
}

function toHTTP({ path, body }: TransferRequest): string {
  return `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
