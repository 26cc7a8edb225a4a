import { useState } from 'preact/hooks'
import { Answer, useAsked } from './asked.tsx'
import { findReference, traceTransaction } from './data.ts'
import { MAX_REFERENCE_UNITS, referenceOf } from './filters.ts'
import { go, type Location, linkTo, linkToReference } from './location.ts'
import { Rows } from './rows.tsx'
import { Trace } from './trace.tsx'

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The outcome of a transaction ID, or the transactions under a reference, no matter whose they are. */
export function Transactions({ of: transactionID, filters }: Location) {
  const reference = transactionID === '' ? referenceOf(filters) : undefined
  const chosen = reference ?? transactionID
  return (
    <>
      <Search key={chosen} chosen={chosen} />
      {transactionID !== '' && <OfID key={transactionID} transactionID={transactionID.toLowerCase()} />}
      {reference !== undefined && <OfReference key={reference} reference={reference} />}
    </>
  )
}

function Search({ chosen }: { readonly chosen: string }) {
  const [text, setText] = useState(chosen)
  const look = (event: Event) => {
    event.preventDefault()
    // What is chosen may begin or end with blanks, which a link keeps; what is pasted seldom means to.
    const wanted = text === chosen ? text : text.trim()
    if (ID.test(wanted)) go(linkTo('transactions', wanted.toLowerCase()))
    else if (wanted !== '') go(linkToReference(wanted))
  }
  return (
    <search>
      <form onSubmit={look}>
        <label for="transaction">Transaction ID or reference</label>
        <div class="row">
          <input
            id="transaction"
            type="search"
            required
            maxLength={MAX_REFERENCE_UNITS}
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

function OfID({ transactionID }: { readonly transactionID: string }) {
  const asked = useAsked((signal) => traceTransaction(transactionID, signal), [transactionID])
  return (
    <section aria-labelledby="trace">
      <h2 id="trace" class="code">
        {transactionID}
      </h2>
      <Answer asked={asked}>{(trace) => <Trace trace={trace} />}</Answer>
      <p class="quiet">
        <a href={linkToReference(transactionID)}>Look it up as a reference</a>
      </p>
    </section>
  )
}

function OfReference({ reference }: { readonly reference: string }) {
  const asked = useAsked((signal) => findReference(reference, signal), [reference])
  return (
    <section aria-labelledby="reference">
      <h2 id="reference" class="text">
        {reference}
      </h2>
      <Answer asked={asked}>
        {({ transactions, more }) => (
          <>
            {transactions.length > 0 && <Rows transactions={transactions} ofReference />}
            <p class="quiet" role="status">
              {summary(transactions.length, more)}
            </p>
          </>
        )}
      </Answer>
    </section>
  )
}

function summary(count: number, more: boolean): string {
  if (count === 0) return 'No transaction has this reference.'
  const found = `${count} ${count === 1 ? 'transaction' : 'transactions'}`
  return more
    ? `${found} are shown; there may be more. A wallet's statement can be narrowed to a reference.`
    : `${found}.`
}
