import { useState } from 'preact/hooks'
import { Amount } from './amount.tsx'
import { Answer, useAsked } from './asked.tsx'
import { BalanceCurve } from './balance-curve.tsx'
import { findWallets, readWallet } from './data.ts'
import { Fact } from './fact.tsx'
import { filtersOf } from './filters.ts'
import { History } from './history.tsx'
import { type Location, linkTo } from './location.ts'
import { readable } from './times.ts'
import { WalletList } from './wallet-list.tsx'
import { Badge, WalletState } from './wallet-state.tsx'

/** A wallet: what it holds, how that came about, and what it did. Without a user ID the first ones. */
export function Wallets({ of: userID, filters }: Location) {
  return userID === '' ? <FirstWallets /> : <WalletOf key={userID} userID={userID} filters={filters} />
}

function FirstWallets() {
  const asked = useAsked((signal) => findWallets('', signal), [])
  return (
    <section aria-labelledby="wallets">
      <h2 id="wallets">Wallets</h2>
      <Answer asked={asked}>
        {(found) =>
          found.wallets.length === 0 ? (
            <p class="quiet" role="status">
              There is no wallet yet.
            </p>
          ) : (
            <WalletList {...found} />
          )
        }
      </Answer>
    </section>
  )
}

function WalletOf({ userID, filters }: { readonly userID: string; readonly filters: URLSearchParams }) {
  const [looks, setLooks] = useState(0)
  const asked = useAsked((signal) => readWallet(userID, signal), [userID, looks])
  const [changed, setChanged] = useState('')
  const { times, ...others } = filtersOf(filters)
  const lookAgain = (news: string) => {
    setChanged(news)
    setLooks(looks + 1)
  }
  return (
    <>
      <p class="good" role="status">
        {changed}
      </p>
      <Answer asked={asked}>
        {(wallet) => (
          <>
            <section aria-labelledby="wallet">
              <div class="row">
                <h2 id="wallet">{wallet.userID}</h2>
                <Badge state={wallet.state} />
                <button type="button" onClick={() => lookAgain('')}>
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
              <p>
                <a href={linkTo('statement', userID)}>Statement of a month, to print</a>
              </p>
            </section>
            <WalletState userID={userID} state={wallet.state} looks={looks} onChanged={lookAgain} />
            <BalanceCurve
              userID={userID}
              times={times}
              looks={looks}
              {...(times.createdAfter === undefined && { start: { createdAt: wallet.createdAt, balance: 0 } })}
            />
            <History key={`${filters}${looks}`} userID={userID} times={times} {...others} />
          </>
        )}
      </Answer>
    </>
  )
}
