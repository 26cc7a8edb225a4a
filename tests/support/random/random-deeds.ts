import fc from 'fast-check'
import type { AtomicList, Command } from '../../../src/domain/command.ts'
import type { StateRequest, WalletState } from '../../../src/domain/wallet-state.ts'
import { type Cast, type Draft, draft } from './random-commands.ts'

/** What is done to a store: a command, an atomic list, or a change of a wallet's state. */
export type Deed =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'list'; readonly list: AtomicList }
  | { readonly kind: 'change'; readonly request: StateRequest }

/** The same with users as numbers. */
export type DeedDraft =
  | { readonly kind: 'command'; readonly draft: Draft }
  | { readonly kind: 'list'; readonly drafts: readonly Draft[]; readonly impossible: boolean }
  | { readonly kind: 'change'; readonly user: number; readonly state: WalletState }

/** Often small deposits, so that a list is executed now and then. */
const listed = fc.oneof(
  { weight: 1, arbitrary: draft },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('deposit' as const, 'transfer' as const),
      actor: fc.nat(2),
      passive: fc.constant(3),
      id: fc.integer({ min: 12, max: 60 }),
      units: fc.bigInt(1n, 5n),
      expires: fc.constant('never' as const),
    }),
  },
)

const deedDraft: fc.Arbitrary<DeedDraft> = fc.oneof(
  { weight: 10, arbitrary: draft.map((draft) => ({ kind: 'command', draft }) as const) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('list' as const),
      drafts: fc
        .array(listed, { minLength: 1, maxLength: 4 })
        // The other owner of a wallet, in place of who has none.
        .map((drafts) => drafts.map((each) => (each.id < 12 ? each : { ...each, passive: (each.actor + 1) % 3 }))),
      impossible: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      user: fc.nat(3),
      state: fc.constantFrom<WalletState[]>('open', 'open', 'open', 'frozen', 'closed'),
    }),
  },
)

const step = fc.record({
  deed: deedDraft,
  /** How far back the deed is that is done again; 0: none. */
  again: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 }) }),
})

/** Sequences in which all that can happen happens often. */
export const deedDrafts: fc.Arbitrary<readonly DeedDraft[]> = fc
  .array(step, { minLength: 1, maxLength: 60, size: 'max' })
  .map((steps) => {
    const sequence: DeedDraft[] = []
    for (const { deed, again } of steps) sequence.push((again > 0 ? sequence.at(-again) : undefined) ?? deed)
    return sequence
  })

export function deedsOf(cast: Cast, drafts: readonly DeedDraft[]): readonly Deed[] {
  let requests = 0

  function commands(drafts: readonly Draft[]): readonly Command[] {
    const all = cast.commands(drafts, requests)
    requests += drafts.length
    return all
  }

  return drafts.flatMap((each): Deed[] => {
    switch (each.kind) {
      case 'command':
        return commands([each.draft]).map((command) => ({ kind: 'command', command }))
      case 'list':
        return [{ kind: 'list', list: { commands: commands(each.drafts), impossible: each.impossible } }]
      case 'change': {
        const userID = cast.users[each.user]
        if (userID === undefined) throw new RangeError(`there is no user ${each.user}`)
        return [{ kind: 'change', request: { userID, state: each.state, reason: 'a reason', changedBy: null } }]
      }
      default:
        return each satisfies never
    }
  })
}
