import { useState } from 'preact/hooks'
import { Amount } from './amount.tsx'
import type { Trace } from './answers.ts'
import { Answer, useAsked } from './asked.tsx'
import { traceTransaction } from './data.ts'
import { Fact } from './fact.tsx'
import { go, type Location, linkTo } from './location.ts'
import { readable } from './times.ts'
import { TYPES } from './transaction-types.ts'

const ID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'

/** The outcome of a transaction ID, no matter whose it is. */
export function Transactions({ of: transactionID }: Location) {
  return (
    <>
      <Search key={transactionID} chosen={transactionID} />
      {transactionID !== '' && <Found key={transactionID} transactionID={transactionID} />}
    </>
  )
}

function Search({ chosen }: { readonly chosen: string }) {
  const [text, setText] = useState(chosen)
  const look = (event: Event) => {
    event.preventDefault()
    go(linkTo('transactions', text.trim().toLowerCase()))
  }
  return (
    <search>
      <form onSubmit={look}>
        <label for="transaction">Transaction ID, as clients and the log have it</label>
        <div class="row">
          <input
            id="transaction"
            type="search"
            class="code"
            required
            pattern={` *${ID} *`}
            title="A UUID: 0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d"
            value={text}
            autocomplete="off"
            spellcheck={false}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
          <button type="submit">Look up</button>
        </div>
      </form>
    </search>
  )
}

function Found({ transactionID }: { readonly transactionID: string }) {
  const asked = useAsked((signal) => traceTransaction(transactionID, signal), [transactionID])
  return (
    <section aria-labelledby="trace">
      <h2 id="trace" class="code">
        {transactionID}
      </h2>
      <Answer asked={asked}>{(trace) => <Outcome trace={trace} />}</Answer>
    </section>
  )
}

function Outcome({ trace: { transactions, refusals } }: { readonly trace: Trace }) {
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
      {transactions.map(({ userID, id, type, amount, balance, createdAt }) => (
        <dl class="facts" key={userID}>
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
        </dl>
      ))}
      {refusals.map(({ userID, kind, passiveUserID, amount, code, requestID, createdAt }) => (
        <div key={userID}>
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
          </dl>
        </div>
      ))}
    </>
  )
}
