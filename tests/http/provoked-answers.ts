import type { Readiness, WalletService } from '../../src/ports/wallet-service.ts'
import type { Operation } from '../support/http/api-document.ts'
import { type APIWorld, UNCHECKABLE } from '../support/http/api-world.ts'
import type { Answer, Call } from '../support/http/http.ts'
import type { ContractCode } from '../support/http/problem.ts'
import { createServiceOverMemory } from '../support/http/service-over-memory.ts'
import { openWith, walletPath } from '../support/http/wallet-client.ts'

/* How each answer that the API description has an example of is brought about. */

const USER = 'auth0|42'
const OTHER = 'auth0|7'
const EXAMPLE_ID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
const MAX = Number.MAX_SAFE_INTEGER
const SOON_MS = 200
/** Owns none of the wallets. */
const STRANGER = 'stranger'
/** What is done without looking for a wallet: only someone else's is told not to be there. */
const WITHOUT_WALLET = ['openWallet', 'issueTransactionID', 'issueTransactionIDs', 'getTransactionIDStatus']

export interface Shown {
  readonly path: string
  readonly method: string
  readonly operation: Operation
}

/** The request as its examples show it, with a transaction ID that was really issued. */
export function exampleCall({ path, method, operation }: Shown, transactionID = EXAMPLE_ID): Call & { body?: object } {
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => {
    const example = operation.parameters?.find((parameter) => parameter.name === name)?.example
    return encodeURIComponent(example === EXAMPLE_ID ? transactionID : String(example))
  })
  const required = operation.parameters?.filter((parameter) => parameter.in === 'query' && parameter.required) ?? []
  const query = new URLSearchParams(required.map(({ name, example }): [string, string] => [name, String(example)]))
  const body = operation.requestBody?.content['application/json'].example
  const sent = body && JSON.parse(JSON.stringify(body).replaceAll(EXAMPLE_ID, transactionID))
  return {
    method: method.toUpperCase(),
    path: required.length === 0 ? filled : `${filled}?${query}`,
    ...(sent && { body: sent }),
  }
}

export async function openBoth({ client }: APIWorld): Promise<void> {
  await openWith(client, USER)
  await openWith(client, OTHER)
}

/** Both wallets are open, and 5 dollars are in the first. */
export async function deposited(world: APIWorld): Promise<void> {
  await openBoth(world)
  await world.client.deposit(USER, 5_000_000)
}

/** All of the story has happened; says the transfer's ID. */
export async function transferred(world: APIWorld): Promise<string> {
  await deposited(world)
  const transactionID = await world.client.newID(USER)
  await world.client.transfer(USER, OTHER, 1_250_000, transactionID)
  return transactionID
}

/** What is wrong in the example of INVALID_REQUEST, if it is not the amount. */
const WRONG_FIELDS: Readonly<Record<string, object>> = {
  setWalletState: { reason: '' },
  issueTransactionIDs: { count: 0 },
  submitList: { transactions: [] },
}

const setState = ({ send }: APIWorld, user: string, state: string) =>
  send({ method: 'PUT', path: `${walletPath(user)}/state`, body: { state, reason: 'a reason' } })

const forever = () => new Promise<never>(() => {})

/** A service whose store never answers. */
function stuck(maxQueued: number) {
  return createServiceOverMemory({ concurrency: 1, maxBatch: 1, maxQueued, deadlineMs: SOON_MS }, (store) => ({
    ...store,
    ...{ open: forever, changeState: forever, transact: forever, wallets: forever, outcome: forever, history: forever },
    ...{ walletAt: forever, statement: forever },
    feed: forever,
  })).service
}

const broken = async () => {
  throw new Error('a bug')
}
const bug: WalletService = {
  ...{ open: broken, wallet: broken, status: broken, submit: broken, history: broken, isOverloaded: () => false },
  ...{ submitList: broken, changeState: broken, walletAt: broken, statement: broken },
  ...{ submitList: broken, changeState: broken, feed: broken, endWaits: () => {} },
  issue: () => {
    throw new Error('a bug')
  },
  issueMany: () => {
    throw new Error('a bug')
  },
}

/** A call that is about a new ID. */
export const fresh = async ({ client }: APIWorld, shown: Shown) => exampleCall(shown, await client.newID(USER))

type Provoke = (world: APIWorld, shown: Shown) => Promise<Answer>

/** How each problem is brought about, on any route that has it. */
const PROBLEMS: Readonly<
  Record<Exclude<ContractCode, 'ROUTE_NOT_FOUND' | 'METHOD_NOT_ALLOWED' | 'NOT_EXECUTED'>, Provoke>
> = {
  TOO_MANY_REQUESTS: ({ sendTooMuch }, shown) => sendTooMuch(exampleCall(shown)),
  UNAUTHENTICATED: ({ sendAs }, shown) => sendAs(undefined, exampleCall(shown)),
  AUTHENTICATION_UNAVAILABLE: ({ sendAs }, shown) => sendAs(UNCHECKABLE, exampleCall(shown)),
  FORBIDDEN: ({ sendAs }, shown) => sendAs(STRANGER, exampleCall(shown)),
  BODY_TOO_LARGE: ({ send }, shown) => send({ ...exampleCall(shown), body: ' '.repeat(600_000) }),
  UNSUPPORTED_MEDIA_TYPE: ({ send }, shown) =>
    send({ ...exampleCall(shown), body: '{}', headers: { 'content-type': 'text/plain' } }),
  INVALID_REQUEST: ({ send, sendWithoutHost }, shown) => {
    const call = exampleCall(shown)
    if (!call.path.startsWith('/api/')) return sendWithoutHost(call.path)
    if (call.body !== undefined)
      return send({ ...call, body: { ...call.body, ...(WRONG_FIELDS[shown.operation.operationId] ?? { amount: 0 }) } })
    if (call.path.endsWith('/events')) return send({ ...call, headers: { 'last-event-id': 'x' } })
    if (call.path.endsWith('/transactions')) return send({ ...call, path: `${call.path}?limit=1001` })
    if (call.path.includes('/statement?')) return send({ ...call, path: call.path.replace('from=2024', 'from=2025') })
    return send({ ...call, path: call.path.replace('auth0', '%20') })
  },
  OVERLOADED: async (world, shown) => {
    const call = await fresh(world, shown)
    world.use(stuck(1))
    const answers = Array.from({ length: 5 }, () => world.send(call))
    const first = await Promise.race(answers)
    await Promise.all(answers)
    return first
  },
  SELF_TRANSFER: async (world, shown) => {
    const call = await fresh(world, shown)
    return world.send({ ...call, body: { ...call.body, passiveUserID: USER } })
  },
  TRANSACTION_ID_UNKNOWN: ({ send }, shown) => send(exampleCall(shown)),
  TRANSACTION_ID_REUSED: async (world, shown) => {
    await deposited(world)
    const transactionID = await world.client.newID(USER)
    await world.client.deposit(USER, 1, transactionID)
    return world.send(exampleCall(shown, transactionID))
  },
  TRANSACTION_ID_RETIRED: async (world, shown) => {
    await deposited(world)
    const call = await fresh(world, shown)
    await world.restored()
    return world.send(call)
  },
  TRANSACTION_ID_EXPIRED: async (world, shown) => {
    await deposited(world)
    const call = await fresh(world, shown)
    world.advance()
    return world.send(call)
  },
  WALLET_NOT_FOUND: async (world, shown) => {
    const call = await fresh(world, shown)
    return WITHOUT_WALLET.includes(shown.operation.operationId) ? world.sendAs(STRANGER, call) : world.send(call)
  },
  WALLET_CLOSED: async (world, shown) => {
    await openBoth(world)
    await setState(world, USER, 'closed')
    return world.send(await fresh(world, shown))
  },
  WALLET_FROZEN: async (world, shown) => {
    await deposited(world)
    await setState(world, USER, 'frozen')
    return world.send(await fresh(world, shown))
  },
  PASSIVE_WALLET_CLOSED: async (world, shown) => {
    await deposited(world)
    await setState(world, OTHER, 'closed')
    return world.send(await fresh(world, shown))
  },
  VERSION_MISMATCH: async (world, shown) => {
    await deposited(world)
    return world.send({ ...(await fresh(world, shown)), headers: { 'if-match': '"41"' } })
  },
  WALLET_NOT_EMPTY: async (world, shown) => {
    await deposited(world)
    return world.send({ ...exampleCall(shown), body: { state: 'closed', reason: 'a reason' } })
  },
  PASSIVE_WALLET_NOT_FOUND: async (world, shown) => {
    await openWith(world.client, USER, 5_000_000)
    return world.send(await fresh(world, shown))
  },
  INSUFFICIENT_BALANCE: async (world, shown) => {
    await openBoth(world)
    return world.send(await fresh(world, shown))
  },
  BALANCE_LIMIT_EXCEEDED: async (world, shown) => {
    for (const user of [USER, OTHER]) await openWith(world.client, user, MAX)
    return world.send(await fresh(world, shown))
  },
  CURSOR_GONE: async ({ send, client, renew }, shown) => {
    await openWith(client, USER, 1)
    const call = exampleCall(shown)
    if (call.path.endsWith('/events')) return send({ ...call, headers: { 'last-event-id': '41' } })
    const { body } = await send(call)
    renew()
    return send({ ...call, path: `${shown.path}?after=${body.next}` })
  },
  FEED_UNAVAILABLE: ({ send, use }, shown) => {
    use(createServiceOverMemory({}, (store) => ({ ...store, feed: async () => ({ kind: 'unavailable' }) })).service)
    return send(exampleCall(shown))
  },
  DATABASE_UNAVAILABLE: ({ send, use }, shown) => {
    use(undefined)
    return send(exampleCall(shown))
  },
  OUTCOME_UNKNOWN: async (world, shown) => {
    const call = await fresh(world, shown)
    world.use(stuck(100))
    return world.send(call)
  },
  INTERNAL: ({ send, use, readyAs }, shown) => {
    use(bug)
    readyAs(broken)
    return send(exampleCall(shown))
  },
}

const afterwards = (prepare: (world: APIWorld) => Promise<unknown>): Provoke => {
  return async (world, shown) => {
    await prepare(world)
    return world.send(await fresh(world, shown))
  }
}
const whileReadinessIs = (state: Awaited<ReturnType<Readiness>>): Provoke => {
  return ({ send, readyAs }, shown) => {
    readyAs(async () => state)
    return send(exampleCall(shown))
  }
}

/** How each other answer is brought about, by the name of its example. */
const ANSWERS: Readonly<Record<string, Provoke>> = {
  newWallet: afterwards(async () => {}),
  wallet: afterwards(transferred),
  walletAt: async (world, shown) => {
    await transferred(world)
    world.advance()
    const call = exampleCall(shown)
    return world.send({ ...call, path: `${call.path}?at=2024-12-16T04:00:00Z` })
  },
  statement: afterwards(transferred),
  frozenWallet: afterwards(transferred),
  manyIssued: afterwards(async () => {}),
  listResults: afterwards(deposited),
  issued: afterwards(async () => {}),
  unused: afterwards(async () => {}),
  executed: async (world, shown) => world.send(exampleCall(shown, await transferred(world))),
  refused: async (world, shown) => {
    await openBoth(world)
    const transactionID = await world.client.newID(USER)
    await world.client.withdraw(USER, 1, transactionID)
    return world.send(exampleCall(shown, transactionID))
  },
  expired: async (world, shown) => {
    const call = await fresh(world, shown)
    world.advance()
    return world.send(call)
  },
  retired: async (world, shown) => {
    const call = await fresh(world, shown)
    await world.restored()
    return world.send(call)
  },
  deposit: afterwards(openBoth),
  withdrawal: afterwards(deposited),
  transferOut: afterwards(deposited),
  lastPage: afterwards(transferred),
  feedPage: afterwards(transferred),
  page: async (world, shown) => {
    await transferred(world)
    const call = exampleCall(shown)
    return world.send({ ...call, path: `${call.path}?limit=1` })
  },
  events: async (world, shown) => {
    await transferred(world)
    return world.readEvents(exampleCall(shown).path, 1)
  },
  alive: whileReadinessIs('ready'),
  ready: whileReadinessIs('ready'),
  starting: whileReadinessIs('starting'),
  databaseUnavailable: whileReadinessIs('database unavailable'),
  shuttingDown: whileReadinessIs('shutting down'),
}

/** By the name of the example. */
export const PROVOKE: Readonly<Record<string, Provoke>> = { ...ANSWERS, ...PROBLEMS }
