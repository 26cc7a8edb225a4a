import type { HistoryQuery } from '../../src/domain/history.ts'
import { after, fromMilliseconds } from '../../src/domain/instant.ts'
import { toAmount } from '../../src/domain/money.ts'
import type { Movement } from '../../src/domain/movement.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import type { TransactionIDs } from '../../src/ports/transaction-ids.ts'
import { type Answer, HOUR, TTL } from '../support/http/http.ts'
import type { WalletClient } from '../support/http/wallet-client.ts'
import type { PageDraft, Plan, PlannedWrite, Step } from './random-plans.ts'
import { USERS } from './random-plans.ts'
import type { Call, IssuedID, WalletOperation, WireAnswer } from './wallet-model.ts'

/** What happened when a plan was played. */
export interface Recording {
  /** By the time of their calls; without what surely did not happen. */
  readonly history: readonly WalletOperation[]
  /** How many were answered with 503, and surely did not happen. */
  readonly failed: number
}

/** All that is asked, with names for the numbers of the plan. */
export interface Cast {
  readonly users: readonly UserID[]
  readonly ids: ReadonlyMap<number, { readonly userID: UserID; readonly id: IssuedID }>
  callOf(step: Step): Call
}

/** @param name no other history in the same database has it. */
export function castOf(plan: Plan, name: string, transactionIDs: TransactionIDs): Cast {
  const users = Array.from({ length: USERS }, (_, index) => toUserID(`${name}-user-${index}`))
  const ids = new Map<number, { userID: UserID; id: IssuedID }>()
  const now = fromMilliseconds(Date.now())

  function userAt(index: number): UserID {
    const user = users[index]
    if (user === undefined) throw new RangeError(`there is no user ${index}`)
    return user
  }

  function issue({ id: number, user }: PlannedWrite): IssuedID {
    const known = ids.get(number)
    if (known !== undefined) return known.id
    const expired = plan.expired.includes(number)
    const userID = userAt(user)
    const issuedAt = expired ? after(now, -TTL - HOUR) : now
    const id = { transactionID: transactionIDs.issue(userID, issuedAt), expiresAt: after(issuedAt, TTL), expired }
    ids.set(number, { userID, id })
    return id
  }

  function movementOf({ kind, passive, units }: PlannedWrite): Movement {
    const amount = toAmount(units)
    return kind === 'transfer'
      ? { kind, amount, passiveUserID: userAt(passive) }
      : { kind, amount, passiveUserID: null }
  }

  return {
    users,
    ids,
    callOf(step) {
      switch (step.kind) {
        case 'open':
        case 'wallet':
          return { kind: step.kind, userID: userAt(step.user) }
        case 'history':
          return { kind: 'history', query: toQuery(userAt(step.user), step.page) }
        case 'status':
          return { kind: 'status', userID: userAt(step.write.user), id: issue(step.write) }
        case 'write':
          return {
            kind: 'move',
            userID: userAt(step.write.user),
            id: issue(step.write),
            movement: movementOf(step.write),
          }
        default:
          return step satisfies never
      }
    },
  }
}

function toQuery(userID: UserID, { limit, idBefore, types }: PageDraft): HistoryQuery {
  return { userID, limit, ...(idBefore !== undefined && { idBefore }), ...(types !== undefined && { types }) }
}

/** Plays the clients of a plan at the same time, each on the next of the services, then looks at everything once more. */
export async function play(
  plan: Plan,
  cast: Cast,
  services: readonly WalletClient[],
  calmDown: () => void,
): Promise<Recording> {
  const history: WalletOperation[] = []
  let failed = 0

  /** Says whether an answer came that settles the matter. */
  async function ask(client: string, service: WalletClient, call: Call): Promise<boolean> {
    const calledAtMs = performance.now()
    const answer = await send(service, call).catch(() => undefined)
    const atMs = performance.now()
    const code = answer?.body.code
    if (code === 'OVERLOADED' || code === 'DATABASE_UNAVAILABLE') failed += 1
    else if (answer !== undefined && code !== 'OUTCOME_UNKNOWN')
      history.push({ client, call, calledAtMs, answered: { answer: toWire(answer), atMs } })
    else if (call.kind === 'open' || call.kind === 'move')
      history.push({ client, call, calledAtMs, answered: undefined })
    return answer !== undefined && answer.status !== 503
  }

  async function playClient(steps: readonly Step[], index: number): Promise<void> {
    const service = services[index % services.length]
    if (service === undefined) throw new RangeError('there is no service')
    for (const step of steps) {
      for (let attempts = 0; attempts <= plan.patience; attempts += 1)
        if (await ask(`client ${index}`, service, cast.callOf(step))) break
    }
  }

  /** The outcome of everything, seen by one who asks until there is an answer. */
  async function audit(): Promise<void> {
    const calls: Call[] = [
      ...cast.users.map((userID) => ({ kind: 'wallet', userID }) as const),
      ...cast.users.map((userID) => ({ kind: 'history', query: { userID, limit: 1000 } }) as const),
      ...[...cast.ids.values()].map(({ userID, id }) => ({ kind: 'status', userID, id }) as const),
    ]
    const [service] = services
    if (service === undefined) throw new RangeError('there is no service')
    await Promise.all(calls.map((call, index) => askUntilAnswered(`auditor ${index}`, service, call)))
  }

  async function askUntilAnswered(client: string, service: WalletClient, call: Call): Promise<void> {
    const deadline = performance.now() + AUDIT_PATIENCE_MS
    while (!(await ask(client, service, call)))
      if (performance.now() > deadline) throw new Error(`no answer to ${call.kind} within ${AUDIT_PATIENCE_MS} ms`)
  }

  await Promise.all(plan.clients.map(playClient))
  calmDown()
  await audit()
  return { history: history.toSorted((a, b) => a.calledAtMs - b.calledAtMs), failed }
}

const AUDIT_PATIENCE_MS = 30_000

function toWire({ status, headers, body }: Answer): WireAnswer {
  return { status, replayed: headers['idempotent-replayed'] === 'true', body }
}

function send(service: WalletClient, call: Call): Promise<Answer> {
  switch (call.kind) {
    case 'open':
      return service.open(call.userID)
    case 'wallet':
      return service.wallet(call.userID)
    case 'status':
      return service.status(call.userID, call.id.transactionID)
    case 'history':
      return service.history(call.query.userID, queryString(call.query))
    case 'move':
      return sendMovement(service, call)
    default:
      return call satisfies never
  }
}

function sendMovement(service: WalletClient, { userID, id, movement }: Call & { kind: 'move' }): Promise<Answer> {
  const { kind, passiveUserID } = movement
  const body = { amount: Number(movement.amount), transactionID: id.transactionID }
  return service.put(userID, kind, passiveUserID === null ? body : { ...body, passiveUserID })
}

function queryString({ limit, idBefore, types = [] }: HistoryQuery): string {
  const parameters = new URLSearchParams({ limit: String(limit) })
  if (idBefore !== undefined) parameters.set('IDBefore', String(idBefore))
  for (const type of types) parameters.append('type', String(type))
  return `?${parameters}`
}
