import { Amount } from './amount.tsx'
import type { Trace as Found, Refusal } from './answers.ts'
import { Fact } from './fact.tsx'
import { linkTo } from './location.ts'
import { NoteFacts } from './note.tsx'
import { readable } from './times.ts'
import { TYPES } from './transaction-types.ts'

/** All that a transaction ID has left in the ledger. */
export function Trace({ trace: { transactions, refusals } }: { readonly trace: Found }) {
  if (transactions.length === 0 && refusals.length === 0)
    return (
      <p class="quiet" role="status">
        It left nothing in the ledger: it was not used, or is none of this service's.
      </p>
    )
  return (
    <>
      {transactions.length > 0 && (
        <p>
          <strong>Executed.</strong>
        </p>
      )}
      {transactions.map((transaction) => (
        <Executed key={transaction.userID} transaction={transaction} />
      ))}
      {refusals.map((refusal) => (
        <Refused key={refusal.userID} refusal={refusal} />
      ))}
    </>
  )
}

function Executed({ transaction }: { readonly transaction: Found['transactions'][number] }) {
  const { userID, id, type, amount, balance, createdAt } = transaction
  return (
    <dl class="facts">
      <Fact name="Wallet">
        <a href={linkTo('wallets', userID)}>{userID}</a>
      </Fact>
      <Fact name={`${TYPES[type].label}, its ID ${id}`}>
        <Amount units={amount} sign={TYPES[type].sign} />
      </Fact>
      <Fact name="Balance after">
        <Amount units={balance} />
      </Fact>
      <Fact name="Time (UTC)">{readable(createdAt)}</Fact>
      <NoteFacts {...transaction} />
    </dl>
  )
}

function Refused({ refusal }: { readonly refusal: Refusal }) {
  const { userID, kind, passiveUserID, amount, code, requestID, createdAt } = refusal
  return (
    <div>
      <p>
        <strong>Refused: {code}.</strong> It was not executed, and never will be.
      </p>
      <dl class="facts">
        <Fact name="Wallet">
          <a href={linkTo('wallets', userID)}>{userID}</a>
        </Fact>
        <Fact name="Asked for">
          {kind} <Amount units={amount} />
          {passiveUserID !== null && <> to {passiveUserID}</>}
        </Fact>
        <Fact name="Request">
          <span class="code">{requestID}</span>
        </Fact>
        <Fact name="Time (UTC)">{readable(createdAt)}</Fact>
        <NoteFacts {...refusal} />
      </dl>
    </div>
  )
}
