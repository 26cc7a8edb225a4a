import { useEffect, useRef, useState } from 'preact/hooks'
import { noteFailure } from './asked.tsx'
import { changeState, explain } from './data.ts'
import { capital, DEEDS, MEANINGS, STATES, type State } from './states.ts'

const MAX_REASON = 200

interface StateFormProps {
  readonly userID: string
  readonly state: State
  /** Told in words what was done. */
  readonly onChanged: (news: string) => void
}

/** Freezes, closes or opens a wallet, for a reason that is kept, once its user ID was typed. */
export function StateForm({ userID, state, onChanged }: StateFormProps) {
  const others = STATES.filter((each) => each !== state)
  const [wanted, setWanted] = useState<State | undefined>(undefined)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const ending = useRef(new AbortController())
  useEffect(() => () => ending.current.abort(), [])

  async function send(event: Event & { readonly currentTarget: HTMLFormElement }): Promise<void> {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const [reason, typed] = ['reason', 'confirmation'].map((name) => String(fields.get(name)).trim())
    if (typed !== userID) return setProblem(`Nothing was changed: the user ID of this wallet is not “${typed}”.`)
    if (wanted === undefined || !reason) return setProblem('Nothing was changed: say why.')
    setBusy(true)
    setProblem('')
    try {
      await changeState(userID, { state: wanted, reason }, ending.current.signal)
      onChanged(`The wallet is ${wanted} now.`)
    } catch (failure) {
      if (ending.current.signal.aborted) return
      noteFailure(failure)
      setProblem(explain(failure))
      setBusy(false)
    }
  }

  return (
    <details class="screen">
      <summary>{capital(others.map((each) => DEEDS[each]).join(' or '))} this wallet</summary>
      <form class="deed" onSubmit={(event) => void send(event)}>
        <fieldset>
          <legend>Change it to</legend>
          {others.map((each) => (
            <label key={each}>
              <input type="radio" name="state" required checked={wanted === each} onChange={() => setWanted(each)} />{' '}
              {each}: {MEANINGS[each]}
            </label>
          ))}
        </fieldset>
        <label>
          Why; this is kept for ever
          <input type="text" name="reason" required maxLength={MAX_REASON} autocomplete="off" />
        </label>
        <label>
          To confirm, type the user ID
          <input type="text" name="confirmation" required autocomplete="off" spellcheck={false} />
        </label>
        {problem !== '' && (
          <p class="failure" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" disabled={busy}>
          {capital(wanted === undefined ? 'change' : DEEDS[wanted])} the wallet
        </button>
      </form>
    </details>
  )
}
