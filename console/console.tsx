import { useEffect, useState } from 'preact/hooks'
import { onDenied } from './asked.tsx'
import { Audit } from './audit.tsx'
import { token } from './data.ts'
import { Live } from './live.tsx'
import { type Location, linkTo, type Place, useLocation } from './location.ts'
import { Overview } from './overview.tsx'
import { SearchField, SearchResults, soughtIn } from './search.tsx'
import { Statement } from './statement.tsx'
import { Transactions } from './transactions.tsx'
import { Wallets } from './wallets.tsx'

/** What one goes to without choosing anything. */
const PAGES = [
  ['overview', 'Overview'],
  ['wallets', 'Wallets'],
  ['live', 'Live'],
  ['audit', 'Audit'],
] as const satisfies readonly (readonly [Place, string])[]

/** The whole page: where one is, and the token that it may take to see something. */
export function Console() {
  const location = useLocation()
  const sought = soughtIn(location)
  const [denied, setDenied] = useState(false)
  /** Counts the tokens: with another one everything is asked for anew. */
  const [round, setRound] = useState(0)
  useEffect(() => onDenied(() => setDenied(true)), [])
  const withToken = (act: () => void) => {
    act()
    setDenied(false)
    setRound(round + 1)
  }
  return (
    <>
      <header>
        <h1>Wallet console</h1>
        <nav aria-label="Console">
          {PAGES.map(([place, title]) => (
            <a key={place} href={linkTo(place)} aria-current={location.place === place ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <SearchField key={sought} sought={sought} />
        {token.read() !== '' && (
          <button type="button" onClick={() => withToken(token.forget)}>
            Forget token
          </button>
        )}
      </header>
      <main key={round}>
        {denied ? <TokenForm onToken={(value) => withToken(() => token.keep(value))} /> : <View {...location} />}
      </main>
    </>
  )
}

function View(location: Location) {
  const { place } = location
  switch (place) {
    case 'overview':
      return <Overview />
    case 'search':
      return <SearchResults key={soughtIn(location)} sought={soughtIn(location)} />
    case 'statement':
      return <Statement {...location} />
    case 'wallets':
      return <Wallets {...location} />
    case 'transactions':
      return <Transactions {...location} />
    case 'live':
      return <Live />
    case 'audit':
      return <Audit />
    default:
      return place satisfies never
  }
}

function TokenForm({ onToken }: { readonly onToken: (token: string) => void }) {
  const [text, setText] = useState('')
  const use = (event: Event) => {
    event.preventDefault()
    onToken(text)
  }
  return (
    <form onSubmit={use}>
      <p role="alert">
        {token.read() === ''
          ? 'This service requires a token.'
          : 'That token was not accepted: it is not trusted here, has expired, or lacks the scope.'}{' '}
        The console takes an access token with the scope <code>wallet:admin</code>. It is kept in this tab only.
      </p>
      <label for="token">Access token</label>
      <div class="row">
        <input
          id="token"
          type="password"
          required
          autocomplete="off"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">Use it</button>
      </div>
    </form>
  )
}
