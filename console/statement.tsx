import { useEffect, useRef, useState } from 'preact/hooks'
import type { Transaction } from '../client/client.ts'
import type { Times } from './answers.ts'
import { Failure, noteFailure } from './asked.tsx'
import { readPage } from './data.ts'
import { MAX_REFERENCE_UNITS, toParameters } from './filters.ts'
import { go, linkTo } from './location.ts'
import { Rows } from './rows.tsx'
import { TYPE_NUMBERS, TYPES } from './transaction-types.ts'

const PAGE = 100

interface StatementProps {
  readonly userID: string
  readonly types: readonly (1 | 2 | 3 | 4)[]
  readonly times: Times
  readonly reference: string | undefined
}

/** What a wallet did, newest first; more of it comes as one scrolls down. */
export function Statement(props: StatementProps) {
  const { shown, next, error, busy, more } = usePages(props)
  return (
    <section aria-labelledby="statement">
      <h3 id="statement">Statement</h3>
      <Filters {...props} />
      {shown.length > 0 && <Rows transactions={shown} />}
      <p class="quiet" role="status">
        {busy ? 'Loading …' : summary(shown.length, next)}
      </p>
      {error !== undefined && <Failure error={error} />}
      {next !== null && <More onReached={more} busy={busy} failed={error !== undefined} />}
    </section>
  )
}

function summary(count: number, next: number | null): string {
  if (count === 0) return next === null ? 'No transaction matches.' : 'None so far; there is more to look through.'
  return `${count} ${count === 1 ? 'transaction' : 'transactions'}${next === null ? ', and no more.' : ' so far.'}`
}

function usePages({ userID, types, times, reference }: StatementProps) {
  const [shown, setShown] = useState<readonly Transaction[]>([])
  /** `undefined`: the first page. */
  const [next, setNext] = useState<number | null | undefined>(undefined)
  const [error, setError] = useState<unknown>(undefined)
  const [busy, setBusy] = useState(true)
  const ending = useRef(new AbortController())

  async function more(): Promise<void> {
    const { signal } = ending.current
    setBusy(true)
    setError(undefined)
    try {
      const page = await readPage(
        userID,
        {
          ...{ ...times, limit: PAGE },
          ...(types.length > 0 && { type: types }),
          ...(reference !== undefined && { reference }),
          ...(next && { IDBefore: next }),
        },
        signal,
      )
      setShown((before) => [...before, ...page.transactions])
      setNext(page.nextIDBefore)
    } catch (failure) {
      if (signal.aborted) return
      noteFailure(failure)
      setError(failure)
    }
    setBusy(false)
  }

  useEffect(() => {
    void more()
    return () => ending.current.abort()
  }, [])
  return { shown, next: next ?? null, error, busy, more }
}

function Filters({ userID, types, times, reference }: StatementProps) {
  const show = (event: Event & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    go(linkTo('wallets', userID, toParameters(event.currentTarget)))
  }
  return (
    <form class="filters" aria-label="Filters" onSubmit={show}>
      <fieldset>
        <legend>Types (none: all)</legend>
        {TYPE_NUMBERS.map((type) => (
          <label key={type}>
            <input type="checkbox" name="type" value={type} defaultChecked={types.includes(type)} /> {TYPES[type].label}
          </label>
        ))}
      </fieldset>
      <label>
        After (UTC) <input type="datetime-local" step="any" name="after" defaultValue={toField(times.createdAfter)} />
      </label>
      <label>
        Before (UTC){' '}
        <input type="datetime-local" step="any" name="before" defaultValue={toField(times.createdBefore)} />
      </label>
      <label>
        Reference{' '}
        <input
          type="text"
          name="reference"
          defaultValue={reference}
          maxLength={MAX_REFERENCE_UNITS}
          autocomplete="off"
          spellcheck={false}
        />
      </label>
      <button type="submit">Filter</button>
      <a href={linkTo('wallets', userID)}>Show all</a>
    </form>
  )
}

function toField(timestamp: string | undefined): string {
  return timestamp?.replace('Z', '') ?? ''
}

interface MoreProps {
  readonly onReached: () => void
  readonly busy: boolean
  readonly failed: boolean
}

/** A button that presses itself when it comes into view; after a failure only a person does. */
function More({ onReached, busy, failed }: MoreProps) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    const { current } = button
    if (current === null || busy || failed) return
    const watch = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) onReached()
    })
    watch.observe(current)
    return () => watch.disconnect()
  })
  return (
    <button type="button" ref={button} disabled={busy} onClick={onReached}>
      Older transactions
    </button>
  )
}
