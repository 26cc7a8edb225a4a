import { useState } from 'preact/hooks'
import { Amount } from './amount.tsx'
import { Answer, useAsked } from './asked.tsx'
import { BalanceCurve } from './balance-curve.tsx'
import { findWallets, readWallet } from './data.ts'
import { Fact } from './fact.tsx'
import { filtersOf } from './filters.ts'
import { go, type Location, linkTo } from './location.ts'
import { Statement } from './statement.tsx'
import { readable } from './times.ts'
import { Badge, StateHistory } from './wallet-state.tsx'

/** Find a wallet; see what it holds, how that came about, and what it did. */
export function Wallets({ of: userID, filters }: Location) {
  return (
    <>
      <Search key={userID} chosen={userID} />
      {userID !== '' && <WalletOf key={userID} userID={userID} filters={filters} />}
    </>
  )
}

function Search({ chosen }: { readonly chosen: string }) {
  const [text, setText] = useState(chosen)
  const choose = (event: Event) => {
    event.preventDefault()
    go(linkTo('wallets', text.trim()))
  }
  return (
    <search>
      <form onSubmit={choose}>
        <label for="user">User ID, or how it begins</label>
        <div class="row">
          <input
            id="user"
            type="search"
            value={text}
            maxLength={128}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
          <button type="submit">Show wallet</button>
        </div>
        {(chosen === '' || text !== chosen) && <Matches prefix={text} />}
      </form>
    </search>
  )
}

function Matches({ prefix }: { readonly prefix: string }) {
  const asked = useAsked((signal) => findWallets(prefix, signal), [prefix])
  return (
    <Answer asked={asked}>
      {({ wallets, more }) =>
        wallets.length === 0 ? (
          <p class="quiet" role="status">
            {prefix === '' ? 'There is no wallet yet.' : 'No user ID begins like this.'}
          </p>
        ) : (
          <ul class="matches" aria-label="Wallets">
            {wallets.map(({ userID, balance, state }) => (
              <li key={userID}>
                <span>
                  <a href={linkTo('wallets', userID)}>{userID}</a> <Badge state={state} />
                </span>{' '}
                <span class="number">
                  <Amount units={balance} />
                </span>
              </li>
            ))}
            {more && <li class="quiet">… and more: type more of the ID</li>}
          </ul>
        )
      }
    </Answer>
  )
}

function WalletOf({ userID, filters }: { readonly userID: string; readonly filters: URLSearchParams }) {
  const [looks, setLooks] = useState(0)
  const asked = useAsked((signal) => readWallet(userID, signal), [userID, looks])
  const { times, ...others } = filtersOf(filters)
  return (
    <Answer asked={asked}>
      {(wallet) => (
        <>
          <section aria-labelledby="wallet">
            <div class="row">
              <h2 id="wallet">{wallet.userID}</h2>
              <Badge state={wallet.state} />
              <button type="button" onClick={() => setLooks(looks + 1)}>
                Look again
              </button>
            </div>
            <dl class="facts">
              <Fact name="Balance">
                <span class="balance">
                  <Amount units={wallet.balance} />
                </span>
              </Fact>
              <Fact name="Transactions">{wallet.version}</Fact>
              <Fact name="Opened (UTC)">
                <time dateTime={wallet.createdAt}>{readable(wallet.createdAt)}</time>
              </Fact>
              <Fact name="Last change (UTC)">
                <time dateTime={wallet.updatedAt}>{readable(wallet.updatedAt)}</time>
              </Fact>
            </dl>
          </section>
          <StateHistory userID={userID} looks={looks} />
          <BalanceCurve userID={userID} openedAt={wallet.createdAt} times={times} looks={looks} />
          <Statement key={`${filters}${looks}`} userID={userID} times={times} {...others} />
        </>
      )}
    </Answer>
  )
}
