import { useEffect, useRef, useState } from 'preact/hooks'
import type { Transaction } from '../client/client.ts'
import { Amount } from './amount.tsx'
import type { Times } from './answers.ts'
import { Failure, noteFailure } from './asked.tsx'
import { readPage } from './data.ts'
import { toParameters } from './filters.ts'
import { go, linkTo } from './location.ts'
import { readable } from './times.ts'
import { TYPE_NUMBERS, TYPES } from './transaction-types.ts'

const PAGE = 100

interface StatementProps {
  readonly userID: string
  readonly types: readonly (1 | 2 | 3 | 4)[]
  readonly times: Times
}

/** What a wallet did, newest first; more of it comes as one scrolls down. */
export function Statement({ userID, types, times }: StatementProps) {
  const { shown, next, error, busy, more } = usePages(userID, types, times)
  return (
    <section aria-labelledby="statement">
      <h3 id="statement">Statement</h3>
      <Filters userID={userID} types={types} times={times} />
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

function usePages(userID: string, types: StatementProps['types'], times: Times) {
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
        { ...times, limit: PAGE, ...(types.length > 0 && { type: types }), ...(next && { IDBefore: next }) },
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

function Filters({ userID, types, times }: StatementProps) {
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
      <button type="submit">Filter</button>
      <a href={linkTo('wallets', userID)}>Show all</a>
    </form>
  )
}

function toField(timestamp: string | undefined): string {
  return timestamp?.replace('Z', '') ?? ''
}

function Rows({ transactions }: { readonly transactions: readonly Transaction[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">ID</th>
            <th scope="col">Time (UTC)</th>
            <th scope="col">Type</th>
            <th scope="col">With</th>
            <th scope="col" class="number">
              Amount
            </th>
            <th scope="col" class="number">
              Balance after
            </th>
            <th scope="col">Transaction ID</th>
          </tr>
        </thead>
        <tbody>
          {transactions.map(({ id, createdAt, type, passiveUserID, amount, balance, transactionID }) => (
            <tr key={id}>
              <td>{id}</td>
              <td class="time">
                <time dateTime={createdAt}>{readable(createdAt)}</time>
              </td>
              <td>{TYPES[type].label}</td>
              <td class="user">
                {passiveUserID !== null && <a href={linkTo('wallets', passiveUserID)}>{passiveUserID}</a>}
              </td>
              <td class="number">
                <Amount units={amount} sign={TYPES[type].sign} />
              </td>
              <td class="number">
                <Amount units={balance} />
              </td>
              <td class="code">
                <a href={linkTo('transactions', transactionID)}>{transactionID}</a>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
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
