import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { type Answer, type Client, createClient, keepingOneConnection } from '../process/service-client.ts'
import { issueMany, type SentList, sendList } from './fault-lists.ts'

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
  /** The list that it was sent in, if it was not sent alone. */
  list: SentList | undefined
}

export interface FaultLoad {
  /** All that was sent, alone or in lists, each once. */
  readonly movements: readonly Movement[]
  readonly lists: readonly SentList[]
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
  /** How much of what a client sends is lists; {@link SHARE_OF_LISTS} by default. */
  readonly shareOfLists?: number
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

/** Of what a client sends. */
const SHARE_OF_LISTS = 0.2
const MAX_ITEMS = 5

/** Opens the wallets, then has clients deposit, withdraw and transfer among them, alone and in lists, until it is stopped. */
export async function startFaultLoad(t: Test, options: FaultLoadOptions): Promise<FaultLoad> {
  const { urls, clients = CLIENTS, pauseMs = PAUSE_MS, shareOfLists = SHARE_OF_LISTS } = options
  const [first = ''] = urls
  await Promise.all(USERS.map((userID) => createClient(first).open(userID)))
  const movements: Movement[] = []
  const lists: SentList[] = []
  let stopping = false
  let notIssued = 0

  async function run(index: number): Promise<void> {
    const url = urls[index % urls.length] ?? first
    const client = createClient(url, keepingOneConnection(url))
    let executed: Movement | undefined
    while (!stopping) {
      const planned = await plan(client, url, Math.random() < shareOfLists ? pickOne([2, 3, MAX_ITEMS]) : 1)
      const [first] = planned
      if (first === undefined) {
        notIssued += 1
        await delay(RETRY_MS)
        continue
      }
      movements.push(...planned)
      if (planned.length > 1) lists.push(await runList(client, planned, executed))
      else first.answer = await send(client, first)
      if (first.list === undefined && first.answer?.status === 200) executed = first
      for (const movement of planned) movement.endedAt = performance.now()
      await delay(pauseMs)
    }
  }

  const running = Promise.all(Array.from({ length: clients }, (_, index) => run(index)))
  async function stop(): Promise<void> {
    stopping = true
    await running
  }
  t.teardown(stop)
  return { movements, lists, notIssued: () => notIssued, stop }
}

/** Sends movements as a list, now and then behind one that was executed before. */
async function runList(client: Client, items: readonly Movement[], executed: Movement | undefined): Promise<SentList> {
  const earlier = pickOne([executed, undefined])
  const list: SentList = { atomic: pickOne([true, false]), earlier, items, earlierAgain: undefined }
  for (const item of items) item.list = list
  const answers = await patiently(sendList(client, list))
  list.earlierAgain = answers?.earlier
  for (const [index, item] of items.entries()) item.answer = answers?.items[index]
  return list
}

/** Sends a movement; `undefined` if no answer came. */
export function send(client: Client, movement: Movement): Promise<Answer | undefined> {
  const { userID, kind, amount, passiveUserID, transactionID } = movement
  return patiently(
    kind === 'transfer'
      ? client.transfer(userID, passiveUserID ?? '', amount, transactionID)
      : client[kind](userID, amount, transactionID),
  )
}

/** Whether it is settled for good: executed, refused, or in an atomic list that was not executed. */
export function isSettled({ answer, list }: Movement): boolean {
  if (answer?.status === 409) return list?.atomic === true
  return answer?.status === 200 || answer?.status === 422
}

async function patiently<Result>(answer: Promise<Result>): Promise<Result | undefined> {
  const patience = new AbortController()
  const late = delay(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined)
  try {
    return await Promise.race([answer.catch(() => undefined), late])
  } finally {
    patience.abort()
  }
}

/** Movements of one user or, if there are many, of two in turn; none if no IDs were to be had. */
async function plan(client: Client, url: string, count: number): Promise<readonly Movement[]> {
  const users = [pickOne(USERS), pickOne(USERS)].slice(0, count)
  const ids = await issueAll(client, users, count).catch(() => [])
  const sentAt = performance.now()
  return ids.map(({ userID, transactionID }) => {
    const kind = pickOne(['deposit', 'withdraw', 'transfer', 'transfer'] as const)
    const passiveUserID = kind === 'transfer' ? pickOne(USERS.filter((user) => user !== userID)) : null
    const amount = 1 + Math.floor(Math.random() * MAX_AMOUNT)
    const movement = { userID, kind, amount, passiveUserID, transactionID, url, sentAt }
    return { ...movement, endedAt: undefined, answer: undefined, list: undefined }
  })
}

interface Issued {
  readonly userID: string
  readonly transactionID: string
}

async function issueAll(client: Client, users: readonly string[], count: number): Promise<readonly Issued[]> {
  const [first = '', second = first] = users
  if (count === 1) return [{ userID: first, transactionID: await client.issue(first) }]
  const half = Math.ceil(count / 2)
  const ofFirst = await issueMany(client, first, half)
  const ofSecond = await issueMany(client, second, count - half)
  return ofFirst.flatMap((transactionID, index) => {
    const other = ofSecond[index]
    const own = { userID: first, transactionID }
    return other === undefined ? own : [own, { userID: second, transactionID: other }]
  })
}

function pickOne<Item>(items: readonly Item[]): Item {
  const index = Math.floor(Math.random() * items.length)
  if (index >= items.length) throw new Error('there is nothing to pick from')
  return items[index] as Item
}
