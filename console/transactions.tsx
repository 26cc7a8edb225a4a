import { Answer, useAsked } from './asked.tsx'
import { findReference, traceTransaction } from './data.ts'
import { referenceOf } from './filters.ts'
import { type Location, linkToReference } from './location.ts'
import { Rows } from './rows.tsx'
import { Trace } from './trace.tsx'
import { transactionCount } from './transaction-types.ts'

/** The outcome of a transaction ID, or the transactions under a reference, no matter whose they are. */
export function Transactions({ of: transactionID, filters }: Location) {
  if (transactionID !== '') return <OfID key={transactionID} transactionID={transactionID.toLowerCase()} />
  const reference = referenceOf(filters)
  if (reference !== undefined) return <OfReference key={reference} reference={reference} />
  return <p class="quiet">Search for a transaction ID or a reference.</p>
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
            {transactions.length > 0 && <Rows transactions={transactions} of="reference" />}
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
  const found = transactionCount(count)
  return more
    ? `${found} are shown; there may be more. On a wallet's page its transactions can be narrowed to a reference.`
    : `${found}.`
}
