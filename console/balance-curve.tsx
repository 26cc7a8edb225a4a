import { useMemo } from 'preact/hooks'
import type { Curve, Times } from './answers.ts'
import { Answer, useAsked } from './asked.tsx'
import { Chart } from './chart.tsx'
import { readCurve } from './data.ts'
import { dollars } from './money.ts'
import { readable, toSeconds } from './times.ts'

const HEIGHT_PX = 260
const NO_TIMES: readonly number[] = []

interface BalanceCurveProps {
  readonly userID: string
  readonly times: Times
  /** Another number: look again. */
  readonly looks: number
}

/** A wallet's balance over its whole life, or over what the statement is narrowed to. */
export function BalanceCurve({ userID, times, looks }: BalanceCurveProps) {
  const { createdAfter, createdBefore } = times
  const asked = useAsked((signal) => readCurve(userID, times, signal), [userID, createdAfter, createdBefore, looks])
  return (
    <section aria-labelledby="curve">
      <h3 id="curve">Balance over time</h3>
      <Answer asked={asked}>
        {(curve) =>
          curve.points.length === 0 ? <p class="quiet">There is nothing to draw yet.</p> : <Drawn curve={curve} />
        }
      </Answer>
    </section>
  )
}

function Drawn({ curve: { points, transactions } }: { readonly curve: Curve }) {
  const [at, lines] = useMemo(() => {
    const values = points.map(({ balance }) => balance)
    return [points.map(({ createdAt }) => toSeconds(createdAt)), [{ label: 'Balance', colour: '--accent', values }]]
  }, [points])
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return null
  const balances = points.map(({ balance }) => balance)
  const range = `between ${show(Math.min(...balances))} and ${show(Math.max(...balances))}`
  return (
    <>
      <Chart
        summary={`Balance from ${readable(first.createdAt)} to ${readable(last.createdAt)}, ${range}, at last ${show(last.balance)}`}
        times={at ?? NO_TIMES}
        lines={lines}
        show={show}
        height={HEIGHT_PX}
        stepped
      />
      <p class="quiet">
        {points.length === transactions
          ? `After each of its ${transactions} transactions.`
          : `After ${points.length} of its ${transactions} transactions, evenly spaced; what is between two of them is left out.`}{' '}
        Drag over a part to see it larger; click twice to see all.
      </p>
    </>
  )
}

/** Marks of an axis may lie between two units, where there is no money to write. */
function show(units: number): string {
  return Number.isSafeInteger(units) ? dollars(BigInt(units)) : ''
}
