import type { StateChange } from './answers.ts'
import { Answer, useAsked } from './asked.tsx'
import { readStateChanges } from './data.ts'
import { Fact } from './fact.tsx'
import { readable } from './times.ts'

type State = StateChange['state']

const MEANINGS: Readonly<Record<State, string>> = {
  open: 'money comes in and goes out.',
  frozen: 'money comes in, and none goes out.',
  closed: 'no money comes in or goes out.',
}

/** What a wallet is beside open. An open one has no badge: nearly all are. */
export function Badge({ state = 'open' }: { readonly state?: State | undefined }) {
  return state === 'open' ? null : (
    <span class={`badge ${state}`} title={MEANINGS[state]}>
      {state}
    </span>
  )
}

interface StateHistoryProps {
  readonly userID: string
  /** Another number: look again. */
  readonly looks: number
}

/** Who froze, closed or opened a wallet, when and why; nothing if no one ever did. */
export function StateHistory({ userID, looks }: StateHistoryProps) {
  const asked = useAsked((signal) => readStateChanges(userID, signal), [userID, looks])
  if (asked.state === 'waiting' || (asked.state === 'answered' && asked.value.changes.length === 0)) return null
  return (
    <section aria-labelledby="states">
      <h3 id="states">State</h3>
      <Answer asked={asked}>
        {({ changes, more }) => (
          <>
            <p>
              {`${named(changes[0]?.state)}: `}
              {MEANINGS[changes[0]?.state ?? 'open']}
            </p>
            <Changes changes={changes} />
            {more && <p class="quiet">The newest {changes.length} are shown; there may be older ones.</p>}
          </>
        )}
      </Answer>
    </section>
  )
}

function named(state: State = 'open'): string {
  return `${state.charAt(0).toUpperCase()}${state.slice(1)}`
}

function Changes({ changes }: { readonly changes: readonly StateChange[] }) {
  return (
    <ol class="changes" aria-label="Changes of state, newest first">
      {changes.map(({ id, state, reason, changedBy, changedAt }) => (
        <li key={id}>
          <dl class="facts">
            <Fact name="Changed to">{state === 'open' ? 'open' : <Badge state={state} />}</Fact>
            <Fact name="Time (UTC)">
              <time dateTime={changedAt}>{readable(changedAt)}</time>
            </Fact>
            <Fact name="By">{changedBy ?? 'not known'}</Fact>
            <Fact name="Why">
              <span class="text">{reason}</span>
            </Fact>
          </dl>
        </li>
      ))}
    </ol>
  )
}
