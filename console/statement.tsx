import { useEffect, useState } from 'preact/hooks'
import type { Statement as Answered } from '../client/client.ts'
import { Amount } from './amount.tsx'
import { Answer, Failure, useAsked } from './asked.tsx'
import { BalanceCurve } from './balance-curve.tsx'
import { readStatement } from './data.ts'
import { toParameters } from './filters.ts'
import { go, type Location, linkTo } from './location.ts'
import { More, usePages } from './pages.tsx'
import { type FieldPeriod, monthOf, nameOf, periodOf, toMoment } from './periods.ts'
import { Rows } from './rows.tsx'
import { readable } from './times.ts'
import { TYPE_NUMBERS, TYPES, transactionCount } from './transaction-types.ts'

/** On paper; as many as one page of the history may hold. */
const MAX_PRINTED = 1000

/** What a wallet had before and after a period, and all that came in between; to read, and to print. */
export function Statement({ of: userID, filters }: Location) {
  const period = periodOf(filters)
  const [from, to] = [toMoment(period.from).toISOString(), toMoment(period.to).toISOString()]
  const asked = useAsked((signal) => readStatement(userID, { from, to }, signal), [userID, from, to])
  return (
    <article class="statement">
      <h2>Statement of {userID}</h2>
      <p>
        {nameOf(period)} (UTC){' '}
        <a href={linkTo('wallets', userID)} class="screen">
          See the wallet
        </a>
      </p>
      <PeriodForm key={`${from} ${to}`} userID={userID} period={period} />
      <Answer asked={asked}>{(statement) => <Sheet key={`${userID} ${from} ${to}`} statement={statement} />}</Answer>
    </article>
  )
}

function PeriodForm({ userID, period }: { readonly userID: string; readonly period: FieldPeriod }) {
  const show = (event: Event & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    go(linkTo('statement', userID, toParameters(event.currentTarget)))
  }
  const month = (months: number) =>
    linkTo('statement', userID, new URLSearchParams({ ...monthOf(toMoment(period.from), months) }))
  return (
    <form class="filters screen" aria-label="Period" onSubmit={show}>
      <a href={month(-1)}>Month before</a>
      <a href={month(1)}>Month after</a>
      <label>
        From (UTC) <input type="datetime-local" step="any" name="from" required defaultValue={period.from} />
      </label>
      <label>
        Before (UTC) <input type="datetime-local" step="any" name="to" required defaultValue={period.to} />
      </label>
      <button type="submit">Show</button>
    </form>
  )
}

function Sheet({ statement }: { readonly statement: Answered }) {
  const { userID, from, to, opening, count } = statement
  const period = { createdFrom: from, createdBefore: to }
  return (
    <>
      <Totals statement={statement} />
      {count > 0 && (
        <BalanceCurve userID={userID} times={period} start={{ createdAt: from, balance: Number(opening) }} looks={0} />
      )}
      <Entries userID={userID} period={period} count={count} />
    </>
  )
}

function Totals({ statement: { opening, closing, count, totals } }: { readonly statement: Answered }) {
  return (
    <section aria-labelledby="totals">
      <h3 id="totals">From opening to closing</h3>
      <table class="totals">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col" class="number">
              Count
            </th>
            <th scope="col" class="number">
              Amount
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Opening balance</th>
            <td />
            <td class="number">
              <Amount units={opening} />
            </td>
          </tr>
          {totals !== null &&
            TYPE_NUMBERS.map((type) => (
              <tr key={type}>
                <th scope="row">{TYPES[type].label}</th>
                <td class="number">{totals[type].count}</td>
                <td class="number">
                  <Amount units={totals[type].amount} sign={totals[type].amount === 0n ? '' : TYPES[type].sign} />
                </td>
              </tr>
            ))}
          <tr>
            <th scope="row">Closing balance</th>
            <td class="number">{count}</td>
            <td class="number">
              <Amount units={closing} />
            </td>
          </tr>
        </tbody>
      </table>
      {totals === null && (
        <p class="quiet">So many transactions are not added up by type. Choose a shorter period to see that.</p>
      )}
    </section>
  )
}

interface EntriesProps {
  readonly userID: string
  readonly period: { readonly createdFrom: string; readonly createdBefore: string }
  readonly count: number
}

function Entries({ userID, period, count }: EntriesProps) {
  const { shown, next, error, busy, more } = usePages(userID, period)
  const [printing, setPrinting] = useState(false)
  const missing = Math.min(count, MAX_PRINTED) - shown.length
  useEffect(() => {
    if (!printing) return
    setPrinting(false)
    print()
  }, [printing])
  const printAll = async () => {
    if (missing <= 0 || next === null || (await more(missing))) setPrinting(true)
  }
  return (
    <section aria-labelledby="entries">
      <div class="row">
        <h3 id="entries">Transactions, newest first</h3>
        <button type="button" class="screen" disabled={busy} onClick={() => void printAll()}>
          Print
        </button>
      </div>
      {shown.length > 0 && <Rows transactions={shown} />}
      <p class="quiet" role="status">
        {busy ? 'Loading …' : summary(shown.length, next === null)}
      </p>
      {count > MAX_PRINTED && (
        <p class="quiet">
          There are {count} in all, of which the newest {MAX_PRINTED} are printed. Print shorter periods to have the
          others.
        </p>
      )}
      {error !== undefined && <Failure error={error} />}
      {next !== null && <More onReached={() => void more()} busy={busy} failed={error !== undefined} />}
      <p class="paper">
        As of {readable(new Date().toISOString())} UTC. Amounts are in dollars and, smaller, in millionths of one.
      </p>
    </section>
  )
}

function summary(count: number, isAll: boolean): string {
  if (count === 0) return 'No transaction in this period.'
  const transactions = transactionCount(count)
  return isAll ? `${transactions}, and no more in this period.` : `${transactions} so far.`
}
