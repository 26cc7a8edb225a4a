import type { HistoryQuery } from '../../src/domain/history.ts'
import { after, fromMilliseconds } from '../../src/domain/instant.ts'
import { toAmount } from '../../src/domain/money.ts'
import type { Movement } from '../../src/domain/movement.ts'
import { parseReference, type Reference, toMetadata, toNote } from '../../src/domain/note.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import type { TransactionIDs } from '../../src/ports/transaction-ids.ts'
import { HOUR, TTL } from '../support/http/http.ts'
import type { Call, IssuedID, Move } from './calls.ts'
import { type PageDraft, type Plan, type PlannedWrite, type Sent, type Step, USERS } from './random-plans.ts'

/** All that is asked, with names for the numbers of the plan. */
export interface Cast {
  readonly users: readonly UserID[]
  readonly ids: ReadonlyMap<number, { readonly userID: UserID; readonly id: IssuedID }>
  /**
   * What a client asks in a step: one call, or one for each item of a list that is not atomic, which are sent together.
   *
   * @param seen the last version of a wallet that the client has seen.
   */
  callsOf(step: Step, seen: (userID: UserID) => bigint): readonly Call[]
}

/** @param name no other history in the same database has it. */
export function castOf(plan: Plan, name: string, transactionIDs: TransactionIDs): Cast {
  const users = Array.from({ length: USERS }, (_, index) => toUserID(`${name}-user-${index}`))
  const ids = new Map<number, { userID: UserID; id: IssuedID }>()
  const now = fromMilliseconds(Date.now())
  let lists = 0

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

  function movementOf({ kind, passive, units, reference, metadata }: PlannedWrite): Movement {
    const amount = toAmount(units)
    const note = toNote(toReference(reference), metadata && toMetadata(metadata))
    const noted = note && { note }
    return kind === 'transfer'
      ? { kind, amount, passiveUserID: userAt(passive), ...noted }
      : { kind, amount, passiveUserID: null, ...noted }
  }

  function moveOf({ write, condition }: Sent, seen: (userID: UserID) => bigint): Move {
    const userID = userAt(write.user)
    const move = { kind: 'move', userID, id: issue(write), movement: movementOf(write) } as const
    return condition === undefined ? move : { ...move, ifVersion: seen(userID) + condition }
  }

  return {
    users,
    ids,
    callsOf(step, seen) {
      switch (step.kind) {
        case 'open':
        case 'wallet':
          return [{ kind: step.kind, userID: userAt(step.user) }]
        case 'state':
          return [{ kind: 'state', userID: userAt(step.user), state: step.state }]
        case 'history':
          return [{ kind: 'history', query: toQuery(userAt(step.user), step.page) }]
        case 'status':
          return [{ kind: 'status', userID: userAt(step.write.user), id: issue(step.write) }]
        case 'write':
          return [moveOf(step, seen)]
        case 'list': {
          const moves = step.items.map((item) => moveOf(item, seen))
          if (step.atomic) return [{ kind: 'atomic', moves }]
          lists += 1
          return moves.map((move, place) => ({ ...move, inList: { list: lists, place } }))
        }
        default:
          return step satisfies never
      }
    },
  }
}

function toQuery(userID: UserID, { limit, idBefore, types, reference }: PageDraft): HistoryQuery {
  const narrowed = toReference(reference)
  return {
    userID,
    limit,
    ...(idBefore !== undefined && { idBefore }),
    ...(types !== undefined && { types }),
    ...(narrowed !== undefined && { reference: narrowed }),
  }
}

function toReference(text: string | undefined): Reference | undefined {
  const reference = text === undefined ? undefined : parseReference(text)
  if (text !== undefined && reference === undefined) throw new RangeError(`no reference: ${text}`)
  return reference
}
