import type { Command, Unit } from '../../src/domain/command.ts'
import { decideBatch } from '../../src/domain/decide.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import type { StateDecision } from '../../src/domain/wallet-state.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import type { Deed } from '../support/random/random-deeds.ts'

/** A deed and what came of it: an outcome for each of its commands, or the decision about a state. */
export type Done =
  | {
      readonly kind: 'moved'
      readonly commands: readonly Command[]
      readonly atomic: boolean
      readonly outcomes: readonly Outcome[]
    }
  | { readonly kind: 'changed'; readonly decision: StateDecision; readonly deed: Deed & { kind: 'change' } }

/**
 * Does one deed after the other. Units that follow each other go as one batch up to a cut; a change of state is none of a
 * batch, and ends it.
 *
 * @param cuts whether a batch begins at the deed of this place.
 */
export async function runDeeds(
  store: WalletStore,
  deeds: readonly Deed[],
  cuts: (index: number) => boolean,
): Promise<readonly Done[]> {
  const done: Done[] = []
  let batch: Unit[] = []

  async function flush(): Promise<void> {
    const units = batch
    batch = []
    if (units.length === 0) return
    const outcomes = (await store.transact(units, decideBatch)).values()
    for (const unit of units) {
      const atomic = 'commands' in unit
      const commands = atomic ? unit.commands : [unit]
      done.push({ kind: 'moved', commands, atomic, outcomes: commands.map(() => theNext(outcomes)) })
    }
  }

  for (const [index, deed] of deeds.entries()) {
    if (deed.kind === 'change' || cuts(index)) await flush()
    if (deed.kind === 'change') done.push({ kind: 'changed', deed, decision: await store.changeState(deed.request) })
    else batch.push(deed.kind === 'list' ? deed.list : deed.command)
  }
  await flush()
  return done
}

export function outcomesOf(done: readonly Done[]): readonly Outcome[] {
  return done.flatMap((each) => (each.kind === 'moved' ? each.outcomes : []))
}

export function commandsIn(done: readonly Done[]): readonly Command[] {
  return done.flatMap((each) => (each.kind === 'moved' ? each.commands : []))
}

function theNext(outcomes: Iterator<Outcome>): Outcome {
  const { value, done } = outcomes.next()
  if (done === true) throw new Error('there are fewer outcomes than commands')
  return value
}
