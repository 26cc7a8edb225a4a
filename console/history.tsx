import type { Times } from './answers.ts'
import { Failure } from './asked.tsx'
import { MAX_REFERENCE_UNITS, toParameters } from './filters.ts'
import { go, linkTo } from './location.ts'
import { More, usePages } from './pages.tsx'
import { Rows } from './rows.tsx'
import { TYPE_NUMBERS, TYPES, transactionCount } from './transaction-types.ts'

interface HistoryProps {
  readonly userID: string
  readonly types: readonly (1 | 2 | 3 | 4)[]
  readonly times: Times
  readonly reference: string | undefined
}

/** What a wallet did, newest first; more of it comes as one scrolls down. */
export function History(props: HistoryProps) {
  const { userID, types, times, reference } = props
  const filters = { ...times, ...(types.length > 0 && { type: types }), ...(reference !== undefined && { reference }) }
  const { shown, next, error, busy, more } = usePages(userID, filters)
  return (
    <section aria-labelledby="history">
      <h3 id="history">Transactions</h3>
      <Filters {...props} />
      {shown.length > 0 && <Rows transactions={shown} />}
      <p class="quiet" role="status">
        {busy ? 'Loading …' : summary(shown.length, next)}
      </p>
      {error !== undefined && <Failure error={error} />}
      {next !== null && <More onReached={() => void more()} busy={busy} failed={error !== undefined} />}
    </section>
  )
}

function summary(count: number, next: number | null): string {
  if (count === 0) return next === null ? 'No transaction matches.' : 'None so far; there is more to look through.'
  return `${transactionCount(count)}${next === null ? ', and no more.' : ' so far.'}`
}

function Filters({ userID, types, times, reference }: HistoryProps) {
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
