import { Amount } from './amount.tsx'
import type { Found } from './answers.ts'
import { linkTo } from './location.ts'
import { Badge } from './wallet-state.tsx'

/** Wallets by their user IDs, and what they hold. */
export function WalletList({ wallets, more }: Found) {
  return (
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
      {more && <li class="quiet">… and more: search for more of the ID</li>}
    </ul>
  )
}
