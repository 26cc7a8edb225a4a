import type { StateChange } from './answers.ts'
import { Answer, useAsked } from './asked.tsx'
import { readStateChanges } from './data.ts'
import { Fact } from './fact.tsx'
import { StateForm } from './state-form.tsx'
import { capital, MEANINGS, type State } from './states.ts'
import { readable } from './times.ts'

/** What a wallet is beside open. An open one has no badge: nearly all are. */
export function Badge({ state = 'open' }: { readonly state?: State | undefined }) {
  return state === 'open' ? null : (
    <span class={`badge ${state}`} title={MEANINGS[state]}>
      {state}
    </span>
  )
}

interface WalletStateProps {
  readonly userID: string
  readonly state?: State | undefined
  /** Another number: look again. */
  readonly looks: number
  readonly onChanged: (news: string) => void
}

/**
 * What a wallet is, who froze, closed or opened it, when and why; and a form to do so. Only administrators are answered what is asked
 * for here, so no one else comes to see the form.
 */
export function WalletState({ userID, state = 'open', looks, onChanged }: WalletStateProps) {
  const asked = useAsked((signal) => readStateChanges(userID, signal), [userID, looks])
  return (
    <section aria-labelledby="states">
      <h3 id="states">State</h3>
      <Answer asked={asked}>
        {({ changes, more }) => (
          <>
            <p>
              {`${capital(state)}: `}
              {MEANINGS[state]}
            </p>
            <StateForm userID={userID} state={state} onChanged={onChanged} />
            {changes.length > 0 && <Changes changes={changes} />}
            {more && <p class="quiet">The newest {changes.length} are shown; there may be older ones.</p>}
          </>
        )}
      </Answer>
    </section>
  )
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
