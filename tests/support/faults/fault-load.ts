import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Answer, type Client, createClient, keepingOneConnection } from '../process/service-client.ts'

export type Kind = 'deposit' | 'withdraw' | 'transfer'

/** A movement as its client saw it; times are `performance.now()`. */
export interface Movement {
  readonly userID: string
  readonly kind: Kind
  readonly amount: number
  readonly passiveUserID: string | null
  readonly transactionID: string
  /** The service that was asked. */
  readonly url: string
  readonly sentAt: number
  endedAt: number | undefined
  /** `undefined`: the connection broke before there was one. */
  answer: Answer | undefined
}

export interface FaultLoad {
  readonly movements: readonly Movement[]
  /** How often no transaction ID was to be had. */
  notIssued(): number
  /** No more is sent; settles when everything that was sent has its answer, or none. */
  stop(): Promise<void>
}

export interface FaultLoadOptions {
  /** Each client keeps to one of them. */
  readonly urls: readonly string[]
  readonly clients?: number
  /** How long a client waits between two requests. */
  readonly pauseMs?: number
}

const CLIENTS = 40
const USERS = Array.from({ length: 20 }, (_, index) => `user-${index}`)
const MAX_AMOUNT = 100
/** About what a client does between two requests: 40 of them make some 2000 requests a second. */
const PAUSE_MS = 10
/** After a connection that was refused. */
const RETRY_MS = 50
/** Longer waits no client: what takes so long is hung. */
const PATIENCE_MS = 20_000

/** Opens the wallets, then has clients deposit, withdraw and transfer among them until it is stopped. */
export async function startFaultLoad(t: Test, options: FaultLoadOptions): Promise<FaultLoad> {
  const { urls, clients = CLIENTS, pauseMs = PAUSE_MS } = options
  const [first = ''] = urls
  await Promise.all(USERS.map((userID) => createClient(first).open(userID)))
  const movements: Movement[] = []
  let stopping = false
  let notIssued = 0

  async function run(index: number): Promise<void> {
    const url = urls[index % urls.length] ?? first
    const client = createClient(url, keepingOneConnection(url))
    while (!stopping) {
      const movement = await plan(client, url)
      if (movement === undefined) {
        notIssued += 1
        await delay(RETRY_MS)
        continue
      }
      movements.push(movement)
      movement.answer = await send(client, movement)
      movement.endedAt = performance.now()
      await delay(pauseMs)
    }
  }

  const running = Promise.all(Array.from({ length: clients }, (_, index) => run(index)))
  async function stop(): Promise<void> {
    stopping = true
    await running
  }
  t.teardown(stop)
  return { movements, notIssued: () => notIssued, stop }
}

/** Sends a movement; `undefined` if no answer came. */
export async function send(client: Client, movement: Movement): Promise<Answer | undefined> {
  const { userID, kind, amount, passiveUserID, transactionID } = movement
  const answer =
    kind === 'transfer'
      ? client.transfer(userID, passiveUserID ?? '', amount, transactionID)
      : client[kind](userID, amount, transactionID)
  const patience = new AbortController()
  const late = delay(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined)
  try {
    return await Promise.race([answer.catch(() => undefined), late])
  } finally {
    patience.abort()
  }
}

async function plan(client: Client, url: string): Promise<Movement | undefined> {
  const userID = pickOne(USERS)
  const transactionID = await client.issue(userID).catch(() => undefined)
  if (transactionID === undefined) return undefined
  const kind = pickOne(['deposit', 'withdraw', 'transfer', 'transfer'] as const)
  const passiveUserID = kind === 'transfer' ? pickOne(USERS.filter((user) => user !== userID)) : null
  const amount = 1 + Math.floor(Math.random() * MAX_AMOUNT)
  const sentAt = performance.now()
  return { userID, kind, amount, passiveUserID, transactionID, url, sentAt, endedAt: undefined, answer: undefined }
}

function pickOne<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(Math.random() * items.length)]
  if (item === undefined) throw new Error('there is nothing to pick from')
  return item
}
