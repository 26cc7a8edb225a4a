import { useMemo } from 'preact/hooks'
import type { Curve, Times } from './answers.ts'
import { Answer, useAsked } from './asked.tsx'
import { Chart } from './chart.tsx'
import { readCurve } from './data.ts'
import { dollars, shortDollars } from './money.ts'
import { readable, toSeconds } from './times.ts'

const HEIGHT_PX = 260

interface BalanceCurveProps {
  readonly userID: string
  readonly times: Times
  /** What it begins with, if that is known. */
  readonly start?: Step
  /** Another number: look again. */
  readonly looks: number
}

/** A wallet's balance over its whole life, or over a part of it. */
export function BalanceCurve({ userID, times, start, looks }: BalanceCurveProps) {
  const { createdAfter, createdFrom, createdBefore } = times
  const about = [userID, createdAfter, createdFrom, createdBefore, looks]
  const asked = useAsked((signal) => readCurve(userID, times, signal), about)
  return (
    <section aria-labelledby="curve">
      <h3 id="curve">Balance over time, in dollars</h3>
      <Answer asked={asked}>
        {({ points, transactions }) => {
          const [first, last] = [points[0], points.at(-1)]
          if (first === undefined || last === undefined) return <p class="quiet">There is nothing to draw yet.</p>
          const end = { createdAt: endOf(createdBefore), balance: last.balance }
          return (
            <>
              <Drawn steps={[...(start === undefined ? [] : [start]), ...points, end]} />
              <p class="quiet">
                {points.length === transactions
                  ? `Drawn from all transactions: ${transactions}.`
                  : `Drawn from ${points.length} of ${transactions} transactions, evenly spaced: what is between two of them is left out.`}{' '}
                <span class="screen">Drag over a part to see it larger; click twice to see all.</span>
              </p>
            </>
          )
        }}
      </Answer>
    </section>
  )
}

/** Of a period that is not over, now. */
function endOf(createdBefore: string | undefined): string {
  const now = new Date().toISOString()
  return createdBefore !== undefined && toSeconds(createdBefore) < toSeconds(now) ? createdBefore : now
}

type Step = Pick<Curve['points'][number], 'createdAt' | 'balance'>

function Drawn({ steps }: { readonly steps: readonly Step[] }) {
  const [times, lines] = useMemo(() => {
    const values = steps.map(({ balance }) => balance)
    return [steps.map(({ createdAt }) => toSeconds(createdAt)), [{ label: 'Balance', colour: '--accent', values }]]
  }, [steps.length])
  const balances = steps.map(({ balance }) => balance)
  const [from = '', to = ''] = [steps[0]?.createdAt, steps.at(-1)?.createdAt]
  const range = `between ${show(Math.min(...balances))} and ${show(Math.max(...balances))}`
  return (
    <Chart
      summary={`Balance from ${readable(from)} to ${readable(to)}, ${range}, at last ${show(balances.at(-1) ?? 0)}`}
      times={times}
      lines={lines}
      show={show}
      mark={shortDollars}
      height={HEIGHT_PX}
      stepped
    />
  )
}

function show(units: number): string {
  return dollars(BigInt(units))
}
