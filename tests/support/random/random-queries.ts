import fc from 'fast-check'
import type { HistoryQuery } from '../../../src/domain/history.ts'
import { after } from '../../../src/domain/instant.ts'
import { type Transaction, TransactionType } from '../../../src/domain/transaction.ts'
import type { UserID } from '../../../src/domain/user-id.ts'

/** A point somewhere in a history: near the transaction at `index`, or beyond either end. */
interface Place {
  readonly index: number
  readonly off: bigint
}

/** A query whose bounds are told by where they lie in a history. */
export interface QueryDraft {
  readonly limit: number
  readonly idBefore: Place | undefined
  readonly createdBefore: Place | undefined
  readonly createdAfter: Place | undefined
  readonly types: readonly TransactionType[] | undefined
}

const place = fc.record({ index: fc.nat(40), off: fc.bigInt(-1n, 1n) })
const maybePlace = fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: place })

export const queryDrafts: fc.Arbitrary<QueryDraft> = fc.record({
  limit: fc.integer({ min: 1, max: 12 }),
  idBefore: maybePlace,
  createdBefore: maybePlace,
  createdAfter: maybePlace,
  types: fc.oneof(fc.constant(undefined), fc.subarray(Object.values(TransactionType), { minLength: 1 })),
})

/** @param history oldest first, not empty. */
export function toQuery(draft: QueryDraft, userID: UserID, history: readonly Transaction[]): HistoryQuery {
  const { limit, idBefore, createdBefore, createdAfter, types } = draft
  function at({ index }: Place): Transaction {
    const transaction = history[index % history.length]
    if (transaction === undefined) throw new RangeError('the history is empty')
    return transaction
  }
  return {
    userID,
    limit,
    ...(idBefore && { idBefore: atLeastOne(at(idBefore).id + idBefore.off) }),
    ...(createdBefore && { createdBefore: after(at(createdBefore).createdAt, createdBefore.off) }),
    ...(createdAfter && { createdAfter: after(at(createdAfter).createdAt, createdAfter.off) }),
    ...(types && { types }),
  }
}

/** What the query asks for, newest first, found by looking at every transaction. */
export function expected(query: HistoryQuery, history: readonly Transaction[]): Transaction[] {
  const { idBefore, createdBefore, createdAfter, types, reference } = query
  return history
    .filter(
      ({ id, createdAt, type, note }) =>
        (idBefore === undefined || id < idBefore) &&
        (createdBefore === undefined || createdAt < createdBefore) &&
        (createdAfter === undefined || createdAt > createdAfter) &&
        (types === undefined || types.includes(type)) &&
        (reference === undefined || note?.reference === reference),
    )
    .reverse()
}

function atLeastOne(id: bigint): bigint {
  return id < 1n ? 1n : id
}
