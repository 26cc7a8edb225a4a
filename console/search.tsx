import { useEffect, useState } from 'preact/hooks'
import type { Found, Referenced, Trace as Traced } from './answers.ts'
import { Answer, useAsked } from './asked.tsx'
import { findReference, findWallets, isProblem, traceTransaction } from './data.ts'
import { MAX_SEARCH_UNITS } from './filters.ts'
import { go, goInstead, type Location, linkTo, linkToReference, linkToSearch } from './location.ts'
import { Rows } from './rows.tsx'
import { Trace } from './trace.tsx'
import { WalletList } from './wallet-list.tsx'

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** What is searched for, as it stands in the address. */
export function soughtIn({ place, filters }: Location): string {
  return place === 'search' ? (filters.get('for') ?? '').trim() : ''
}

/** One field for all that can be found, on every page. */
export function SearchField({ sought }: { readonly sought: string }) {
  const [text, setText] = useState(sought)
  const search = (event: Event) => {
    event.preventDefault()
    const wanted = text.trim()
    go(wanted === '' ? linkTo('wallets') : linkToSearch(wanted))
  }
  return (
    <search>
      <form class="row" onSubmit={search}>
        <label for="search" class="unseen">
          User, reference or transaction ID
        </label>
        <input
          id="search"
          type="search"
          placeholder="User, reference or ID"
          value={text}
          maxLength={MAX_SEARCH_UNITS}
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">Search</button>
      </form>
    </search>
  )
}

interface Hits {
  readonly found: Found
  readonly trace: Traced
  readonly referenced: Referenced
}

const NO_WALLETS: Found = { wallets: [], more: false }
const NO_TRACE: Traced = { transactions: [], refusals: [] }
const NO_REFERENCED: Referenced = { transactions: [], more: false }

/** Everything that is asked for at once: what a text is cannot be told from its form. */
async function findAll(text: string, signal: AbortSignal): Promise<Hits> {
  const [found, trace, referenced] = await Promise.all([
    unlessMalformed(findWallets(text, signal), NO_WALLETS),
    ID.test(text) ? traceTransaction(text.toLowerCase(), signal) : NO_TRACE,
    unlessMalformed(findReference(text, signal), NO_REFERENCED),
  ])
  return { found, trace, referenced }
}

/** What cannot be a user ID, or a reference, is none. */
function unlessMalformed<Value>(answer: Promise<Value>, none: Value): Promise<Value> {
  return answer.catch((error: unknown) => {
    if (isProblem(error, 'INVALID_REQUEST')) return none
    throw error
  })
}

function linksTo(text: string, { found, trace, referenced }: Hits): string[] {
  const traced = trace.transactions.length + trace.refusals.length > 0
  return [
    ...found.wallets.map(({ userID }) => linkTo('wallets', userID)),
    ...(traced ? [linkTo('transactions', text.toLowerCase())] : []),
    ...(referenced.transactions.length > 0 ? [linkToReference(text)] : []),
  ]
}

/** What was found, by its kind; if there is only one thing, that itself. */
export function SearchResults({ sought }: { readonly sought: string }) {
  const asked = useAsked((signal) => findAll(sought, signal), [sought])
  return <Answer asked={asked}>{(hits) => <Groups sought={sought} hits={hits} />}</Answer>
}

function Groups({ sought, hits }: { readonly sought: string; readonly hits: Hits }) {
  const links = linksTo(sought, hits)
  const [only] = links.length === 1 ? links : []
  useEffect(() => {
    if (only !== undefined) goInstead(only)
  }, [only])
  const { found, trace, referenced } = hits
  if (only !== undefined) return null
  return (
    <>
      <h2 class="text">Search: {sought}</h2>
      {links.length === 0 && (
        <p role="status">Nothing was found: no user ID begins like this, and it is no reference or transaction ID.</p>
      )}
      {found.wallets.length > 0 && (
        <section aria-labelledby="wallets">
          <h3 id="wallets">Wallets</h3>
          <WalletList {...found} />
        </section>
      )}
      {trace.transactions.length + trace.refusals.length > 0 && (
        <section aria-labelledby="trace">
          <h3 id="trace">Transaction ID</h3>
          <Trace trace={trace} />
        </section>
      )}
      {referenced.transactions.length > 0 && (
        <section aria-labelledby="reference">
          <h3 id="reference">
            <a href={linkToReference(sought)}>Transactions with this reference</a>
          </h3>
          <Rows transactions={referenced.transactions} of="reference" />
        </section>
      )}
    </>
  )
}
