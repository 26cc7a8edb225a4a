import { PROBLEMS, type ProblemCode, problemBody } from '../../src/adapters/fastify/wire/problem.ts'
import { after } from '../../src/domain/instant.ts'
import type { Movement } from '../../src/domain/movement.ts'
import { formatInstant } from '../../src/domain/rfc3339.ts'
import { TransactionType } from '../../src/domain/transaction.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import { HOUR, NOW, transactionID } from '../support/domain-builders.ts'
import type { Call, IssuedID, Move, WalletOperation, WireAnswer } from './calls.ts'

/*
 * Histories as one would tell them: who asked what from when to when, and what the answer was. Wallets were opened at
 * NOW; a moment is a number of milliseconds, and a transaction's time a number of microseconds after NOW.
 */

/** One that was answered; `until` is when. */
export function answered(from: number, until: number, call: Call, answer: WireAnswer): WalletOperation {
  return { client: `since ${from}`, call, calledAtMs: from, answered: { answer, atMs: until } }
}

export function unanswered(from: number, call: Call): WalletOperation {
  return { client: `since ${from}`, call, calledAtMs: from, answered: undefined }
}

export function id(n: number): IssuedID {
  return { transactionID: transactionID(n), expiresAt: after(NOW, HOUR), expired: false }
}

export function move(userID: UserID, n: number, movement: Movement): Move {
  return { kind: 'move', userID, id: id(n), movement }
}

export function walletOf(userID: UserID, balance = 0, version = 0, micros = version): WireAnswer {
  const times = { createdAt: formatInstant(NOW), updatedAt: time(micros) }
  return { status: 200, replayed: false, body: { userID, balance, version, ...times } }
}

/** Opens each wallet, one after the other, before moment 0. */
export function opened(...users: readonly UserID[]): WalletOperation[] {
  return users.map((userID, index) => {
    const answer = { ...walletOf(userID), status: 201 }
    return answered(index * 2 - 100, index * 2 - 99, { kind: 'open', userID }, answer)
  })
}

const TYPES = {
  deposit: TransactionType.Deposit,
  withdraw: TransactionType.Withdrawal,
  transfer: TransactionType.TransferOut,
} as const

/** The answer to a movement that was the wallet's `nth` transaction and left this balance. */
export function executed({ userID, id, movement }: Move, nth: number, balance: number, micros = nth): WireAnswer {
  const { amount, kind, passiveUserID, note } = movement
  const { transactionID } = id
  const what = { id: nth, transactionID, userID, type: TYPES[kind], amount: Number(amount), balance, passiveUserID }
  const noted = {
    ...(note?.reference !== undefined && { reference: note.reference }),
    ...(note?.metadata !== undefined && { metadata: JSON.parse(note.metadata) }),
  }
  return { status: 200, replayed: false, body: { ...what, createdAt: time(micros), ...noted } }
}

export function turnedDown(code: ProblemCode, instance = 'first'): WireAnswer {
  return { status: PROBLEMS[code].status, replayed: false, body: JSON.parse(problemBody(code, instance)) }
}

export function replayed(answer: WireAnswer): WireAnswer {
  return { ...answer, replayed: true }
}

/** The answer to an atomic list, by the answers to its items. */
export function results(...answers: readonly WireAnswer[]): WireAnswer {
  const each = answers.map(({ status, replayed, body }) => ({
    ...{ status, replayed },
    [status === 200 ? 'transaction' : 'problem']: body,
  }))
  return { status: 200, replayed: false, body: { results: each } }
}

/** The items of one list that is not atomic, asked and answered at one time. */
export function answeredEach(
  from: number,
  until: number,
  ...items: readonly (readonly [Move, WireAnswer])[]
): WalletOperation[] {
  return items.map(([move, answer], place) => answered(from, until, { ...move, inList: { list: from, place } }, answer))
}

function time(micros: number): string {
  return formatInstant(after(NOW, BigInt(micros)))
}
