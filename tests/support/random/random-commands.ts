import fc from 'fast-check'
import type { Command } from '../../../src/domain/command.ts'
import { FIRST_EPOCH } from '../../../src/domain/epoch.ts'
import { toInstant } from '../../../src/domain/instant.ts'
import { MAX_UNITS } from '../../../src/domain/money.ts'
import type { Movement } from '../../../src/domain/movement.ts'
import { type Note, parseReference, toMetadata, toNote } from '../../../src/domain/note.ts'
import type { TransactionID } from '../../../src/domain/transaction.ts'
import { toUserID, type UserID } from '../../../src/domain/user-id.ts'
import { deposit, requestID, transfer, withdraw } from '../domain-builders.ts'

/** One command of a random sequence, with the users still as numbers. */
export interface Draft {
  readonly kind: 'deposit' | 'withdraw' | 'transfer'
  readonly actor: number
  readonly passive: number
  /** Which of the actor's transaction IDs: there are few, so many are replayed or reused. */
  readonly id: number
  readonly units: bigint
  /** 0: in the past, for sure; 1: in the future, for sure. */
  readonly expires: 'long ago' | 'never'
  readonly note?: Note | undefined
  readonly ifVersion?: bigint | undefined
}

/** The last of the users opens no wallet. */
const USERS = 4
const IDS = 12
const LONG_AGO = toInstant(0n)
const NEVER = toInstant(8_000_000_000_000_000n)

const units = fc.oneof(
  { weight: 8, arbitrary: fc.bigInt(1n, 50n) },
  { weight: 2, arbitrary: fc.bigInt(MAX_UNITS - 50n, MAX_UNITS) },
  { weight: 1, arbitrary: fc.bigInt(1n, MAX_UNITS) },
)

/** Mostly those with a wallet. */
const user = fc.oneof({ weight: 9, arbitrary: fc.nat(USERS - 2) }, { weight: 1, arbitrary: fc.constant(USERS - 1) })

/** Few, so that one ID is sent with the same and with another; as often as not there is none. */
const note = fc.option(
  fc
    .record({
      reference: fc.constantFrom(undefined, parseReference('rent'), parseReference('№ 7 🦊"\\{},NULL')),
      metadata: fc.constantFrom(undefined, toMetadata({ till: '4' }), toMetadata({ b: '"\\{},\n', a: '' })),
    })
    .map(({ reference, metadata }) => toNote(reference, metadata)),
  { freq: 2, nil: undefined },
)

/** Near the versions that wallets get here. */
const ifVersion = fc.bigInt(0n, 6n)

export const draft: fc.Arbitrary<Draft> = fc
  .record<Draft>({
    kind: fc.oneof(
      { weight: 3, arbitrary: fc.constant('deposit' as const) },
      { weight: 2, arbitrary: fc.constant('withdraw' as const) },
      { weight: 4, arbitrary: fc.constant('transfer' as const) },
    ),
    actor: user,
    passive: user,
    id: fc.nat(IDS - 1),
    units,
    expires: fc.oneof(
      { weight: 12, arbitrary: fc.constant('never' as const) },
      { weight: 1, arbitrary: fc.constant('long ago' as const) },
    ),
    note,
    ifVersion: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: ifVersion }),
  })
  .filter(({ actor, passive }) => actor !== passive)

const step = fc.record({
  draft,
  /** How far back the command is that this one sends again; 0: none. */
  again: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 }) }),
})

/** Sequences in which all that can happen to a command happens often: see the tests that use them. */
export const drafts: fc.Arbitrary<readonly Draft[]> = fc
  .array(step, { minLength: 1, maxLength: 60, size: 'max' })
  .map((steps) => {
    const sequence: Draft[] = []
    for (const { draft, again } of steps) sequence.push((again > 0 ? sequence.at(-again) : undefined) ?? draft)
    return sequence
  })

/** Sequences in which everything succeeds, so that histories grow long. */
export const successes: fc.Arbitrary<readonly Draft[]> = fc
  .array(fc.tuple(fc.constantFrom('deposit' as const, 'withdraw' as const, 'transfer' as const), fc.nat(1)), {
    minLength: 20,
    maxLength: 50,
    size: 'max',
  })
  .map((steps) => [
    ...[0, 1].map((actor) => success('deposit', actor, actor, 1000n)),
    ...steps.map(([kind, actor], index) => success(kind, actor, index + 2, 1n)),
  ])

function success(kind: Draft['kind'], actor: number, id: number, units: bigint): Draft {
  return { kind, actor, passive: 1 - actor, id, units, expires: 'never' }
}

/** Where to cut a sequence into batches. */
export const cuts: fc.Arbitrary<readonly boolean[]> = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 })

export function partition<Item>(items: readonly Item[], cuts: readonly boolean[]): Item[][] {
  const batches: Item[][] = []
  for (const [index, item] of items.entries()) {
    const last = batches.at(-1)
    if (last === undefined || cuts[index] === true) batches.push([item])
    else last.push(item)
  }
  return batches
}

/** The people of one run, whom no other run knows. */
export interface Cast {
  readonly users: readonly UserID[]
  /** Those who have a wallet. */
  readonly owners: readonly UserID[]
  /** @param first the number of the first request. */
  commands(drafts: readonly Draft[], first?: number): Command[]
}

export function createCast(run: number): Cast {
  const users = Array.from({ length: USERS }, (_, index) => toUserID(`run ${run}, user ${index} 🦊"\\{},NULL`))

  function userAt(index: number): UserID {
    const user = users[index]
    if (user === undefined) throw new RangeError(`there is no user ${index}`)
    return user
  }

  function toMovement({ kind, passive, units, note }: Draft): Movement {
    const movement =
      kind === 'deposit' ? deposit(units) : kind === 'withdraw' ? withdraw(units) : transfer(units, userAt(passive))
    return note === undefined ? movement : { ...movement, note }
  }

  function toCommand(draft: Draft, index: number): Command {
    const { actor, id, expires, ifVersion } = draft
    return {
      userID: userAt(actor),
      transactionID: ownID(run, actor, id),
      expiresAt: expires === 'never' ? NEVER : LONG_AGO,
      epoch: FIRST_EPOCH,
      requestID: requestID(`request ${index}`),
      movement: toMovement(draft),
      ...(ifVersion !== undefined && { ifVersion }),
    }
  }

  return {
    users,
    owners: users.slice(0, -1),
    commands: (drafts, first = 0) => drafts.map((draft, index) => toCommand(draft, first + index)),
  }
}

/** An ID that belongs to this user of this run, as an issued one does. */
function ownID(run: number, user: number, id: number): TransactionID {
  const hex = (n: number, digits: number) => n.toString(16).padStart(digits, '0')
  return `0193cdb2-1d20-8000-8000-${hex(run, 6)}${hex(user, 2)}${hex(id, 4)}` as TransactionID
}
