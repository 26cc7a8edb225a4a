import fc from 'fast-check'
import { MAX_UNITS } from '../../src/domain/money.ts'
import type { TransactionType } from '../../src/domain/transaction.ts'
import type { WalletState } from '../../src/domain/wallet-state.ts'
import { DEEDS, type Fault, MOMENTS } from '../support/faults/faulty-relay.ts'

/** A write that clients send, once or often; users are numbers. */
export interface PlannedWrite {
  readonly kind: 'deposit' | 'withdraw' | 'transfer'
  readonly user: number
  /** The recipient of a transfer. */
  readonly passive: number
  readonly units: bigint
  /** Which of the user's transaction IDs: each write has one of its own, except a reuse. */
  readonly id: number
  readonly reference: string | undefined
  readonly metadata: Readonly<Record<string, string>> | undefined
}

/** A write as one request has it: a condition is the request's, and no part of what the ID is bound to. */
export interface Sent {
  readonly write: PlannedWrite
  /** By how much the version that is asked for differs from the last that the client saw; `undefined`: no condition. */
  readonly condition: bigint | undefined
}

export type Step =
  | { readonly kind: 'open' | 'wallet'; readonly user: number }
  | { readonly kind: 'state'; readonly user: number; readonly state: WalletState }
  | ({ readonly kind: 'write' } & Sent)
  | { readonly kind: 'list'; readonly atomic: boolean; readonly items: readonly Sent[] }
  | { readonly kind: 'status'; readonly write: PlannedWrite }
  | { readonly kind: 'history'; readonly user: number; readonly page: PageDraft }

export interface PageDraft {
  readonly limit: number
  readonly idBefore: bigint | undefined
  readonly types: readonly TransactionType[] | undefined
  readonly reference: string | undefined
}

/** All that a seed says: what each client does, one step after the other, on which service, and what goes wrong there. */
export interface Plan {
  readonly clients: readonly (readonly Step[])[]
  /** IDs that have expired long ago. */
  readonly expired: readonly number[]
  /** How many times a client sends a write again that got no answer. */
  readonly patience: number
  /** The faults of each instance of the service. */
  readonly instances: readonly (readonly Fault[])[]
  readonly bounds: { readonly concurrency: number; readonly maxBatch: number; readonly maxQueued: number }
}

export const USERS = 4
const CLIENTS = 6
const STEPS_OF_A_CLIENT = 22
const MAX_FAULTS = 8
/** Which step of a draft names an earlier write, this many back at most: others are then still sending it. */
const MAX_BACK = 8
/** Of a list, beside its first: few, so that atomic lists are executed often enough. */
const MAX_MORE_ITEMS = 2

interface WriteDraft extends Pick<PlannedWrite, 'units' | 'reference' | 'metadata'> {
  readonly what: PlannedWrite['kind'] | 'repeat' | 'reuse'
  readonly user: number
  readonly other: number
  readonly back: number
  readonly expired: boolean
  readonly condition: bigint | undefined
}

interface StepDraft {
  readonly what: 'open' | 'wallet' | 'write' | 'list' | 'state' | 'status' | 'history'
  /** The write, or the first item of a list. */
  readonly write: WriteDraft
  /** The other items of a list. */
  readonly more: readonly WriteDraft[]
  readonly atomic: boolean
  readonly state: WalletState
  readonly page: PageDraft
}

/** One of these, as often as its number says. */
function weighted<const Value>(...weights: readonly (readonly [number, Value])[]): fc.Arbitrary<Value> {
  return fc.oneof(...weights.map(([weight, value]) => ({ weight, arbitrary: fc.constant(value) })))
}

/** Small against small balances, so that many writes are refused. */
const units = fc.oneof(
  { weight: 60, arbitrary: fc.bigInt(1n, 6n) },
  { weight: 1, arbitrary: fc.constant(MAX_UNITS - 2n) },
)

/** Few, so that histories are narrowed to some, and one ID is sent with another one. */
const reference = fc.option(fc.constantFrom('rent', 'order 7'), { freq: 2, nil: undefined })

const writeDraft: fc.Arbitrary<WriteDraft> = fc.record({
  what: weighted([14, 'deposit'], [16, 'withdraw'], [28, 'transfer'], [10, 'repeat'], [3, 'reuse']),
  user: fc.nat(USERS - 1),
  other: fc.integer({ min: 1, max: USERS - 1 }),
  units,
  back: fc.integer({ min: 1, max: MAX_BACK }),
  expired: weighted([40, false], [1, true]),
  reference,
  metadata: weighted([6, undefined], [1, { till: '4' }], [1, { b: '1', a: '' }]),
  condition: weighted([30, undefined], [3, 0n], [1, 1n]),
})

const stepDraft: fc.Arbitrary<StepDraft> = fc.record({
  what: weighted([4, 'open'], [12, 'wallet'], [62, 'write'], [12, 'list'], [7, 'state'], [6, 'status'], [7, 'history']),
  write: writeDraft,
  more: fc.array(writeDraft, { minLength: 1, maxLength: MAX_MORE_ITEMS }),
  atomic: fc.boolean(),
  // Mostly open: a wallet in which nothing happens tests little.
  state: weighted([4, 'open'], [3, 'frozen'], [1, 'closed']),
  page: fc.record({
    limit: fc.integer({ min: 1, max: 6 }),
    idBefore: fc.option(fc.bigInt(1n, 20n), { nil: undefined }),
    types: fc.option(fc.constantFrom<TransactionType[]>([1], [3, 4], [1, 2, 4]), { nil: undefined }),
    reference,
  }),
})

const fault: fc.Arbitrary<Fault> = fc.record({
  moment: fc.constantFrom(...MOMENTS),
  nth: fc.integer({ min: 1, max: 40 }),
  deed: fc.constantFrom(...DEEDS),
  ms: fc.integer({ min: 1, max: 300 }),
})

const bounds = fc.record({
  concurrency: fc.integer({ min: 1, max: 3 }),
  maxBatch: fc.constantFrom(1, 3, 512),
  maxQueued: weighted([9, 1000], [1, 3]),
})

/** A plan for one instance or two, without faults. */
export const calmPlans: fc.Arbitrary<Plan> = plans(fc.array(fc.constant([]), { minLength: 1, maxLength: 2 }))

/** A plan for one instance or two, with faults on each. */
export const faultyPlans: fc.Arbitrary<Plan> = plans(
  fc.array(fc.array(fault, { minLength: 1, maxLength: MAX_FAULTS, size: 'max' }), { minLength: 1, maxLength: 2 }),
)

/** The plan that a seed stands for. */
export function planOf(seed: number, plans: fc.Arbitrary<Plan>): Plan {
  const [plan] = fc.sample(plans, { seed, numRuns: 1 })
  if (plan === undefined) throw new Error('no sample')
  return plan
}

function plans(instances: fc.Arbitrary<Plan['instances']>): fc.Arbitrary<Plan> {
  const length = CLIENTS * STEPS_OF_A_CLIENT
  const drafts = fc.array(stepDraft, { minLength: length, maxLength: length, size: 'max' })
  return fc
    .record({ drafts, instances, bounds, patience: fc.nat(2) })
    .map(({ drafts, ...rest }) => ({ ...rest, ...toSteps(drafts) }))
}

/** Deals the drafts out to the clients, one each in turn, so that what is near in the list happens at about one time. */
function toSteps(drafts: readonly StepDraft[]): Pick<Plan, 'clients' | 'expired'> {
  const writes: PlannedWrite[] = []
  const expired: number[] = []
  const lists: Step[] = []

  function earlierWrite(back: number): PlannedWrite | undefined {
    return writes.at(-back) ?? writes.at(-1)
  }

  function writeOf({ what, user, other, units, back, expired: late, reference, metadata }: WriteDraft): PlannedWrite {
    const earlier = earlierWrite(back)
    if (earlier !== undefined && what === 'repeat') return earlier
    const write: PlannedWrite =
      earlier !== undefined && what === 'reuse'
        ? reuseOf(earlier, reference)
        : { kind: kindOf(what), user, passive: (user + other) % USERS, units, id: writes.length, reference, metadata }
    if (late) expired.push(write.id)
    writes.push(write)
    return write
  }

  const sent = (draft: WriteDraft): Sent => ({ write: writeOf(draft), condition: draft.condition })

  /** A new list, or an earlier one as it was: a client repeats all of it. */
  function listOf(first: WriteDraft, more: readonly WriteDraft[], atomic: boolean): Step {
    const earlier = first.what === 'repeat' || first.what === 'reuse' ? lists.at(-1) : undefined
    const list: Step = earlier ?? { kind: 'list', atomic, items: [first, ...more].map(sent) }
    lists.push(list)
    return list
  }

  function toStep({ what, write, more, atomic, state, page }: StepDraft, index: number): Step {
    const { user } = write
    // Each client begins with a wallet to be opened; no one opens the last user's but by chance.
    if (index < CLIENTS) return { kind: 'open', user: index % (USERS - 1) }
    switch (what) {
      case 'open':
      case 'wallet':
        return { kind: what, user }
      case 'state':
        // Of the wallet that others are about to take money from: what matters is who comes first.
        return { kind: 'state', user: earlierWrite(1)?.user ?? user, state }
      case 'history':
        return { kind: 'history', user, page }
      case 'status':
        return { kind: 'status', write: earlierWrite(write.back) ?? writeOf(write) }
      case 'write':
        return { kind: 'write', ...sent(write) }
      case 'list':
        return listOf(write, more, atomic)
      default:
        return what satisfies never
    }
  }

  const clients: Step[][] = Array.from({ length: CLIENTS }, () => [])
  for (const [index, draft] of drafts.entries()) clients[index % CLIENTS]?.push(toStep(draft, index))
  return { clients, expired }
}

/** The same ID with something else: another reference, if it is another, or another amount. */
function reuseOf(earlier: PlannedWrite, reference: string | undefined): PlannedWrite {
  if (reference !== earlier.reference) return { ...earlier, reference }
  return { ...earlier, units: earlier.units === 1n ? 2n : earlier.units - 1n }
}

function kindOf(what: WriteDraft['what']): PlannedWrite['kind'] {
  return what === 'withdraw' || what === 'transfer' ? what : 'deposit'
}
