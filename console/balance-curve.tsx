import { useMemo } from 'preact/hooks'
import type { Curve, Times } from './answers.ts'
import { Answer, useAsked } from './asked.tsx'
import { Chart } from './chart.tsx'
import { readCurve } from './data.ts'
import { dollars } from './money.ts'
import { readable, toSeconds } from './times.ts'

const HEIGHT_PX = 260

interface BalanceCurveProps {
  readonly userID: string
  /** When the wallet was opened, empty. */
  readonly openedAt: string
  readonly times: Times
  /** Another number: look again. */
  readonly looks: number
}

/** A wallet's balance over its whole life, or over what the statement is narrowed to. */
export function BalanceCurve({ userID, openedAt, times, looks }: BalanceCurveProps) {
  const { createdAfter, createdBefore } = times
  const asked = useAsked((signal) => readCurve(userID, times, signal), [userID, createdAfter, createdBefore, looks])
  return (
    <section aria-labelledby="curve">
      <h3 id="curve">Balance over time</h3>
      <Answer asked={asked}>
        {({ points, transactions }) => {
          const [first, last] = [points[0], points.at(-1)]
          if (first === undefined || last === undefined) return <p class="quiet">There is nothing to draw yet.</p>
          const opening = createdAfter === undefined ? [{ createdAt: openedAt, balance: 0 }] : []
          const end = { createdAt: createdBefore ?? new Date().toISOString(), balance: last.balance }
          return (
            <>
              <Drawn steps={[...opening, ...points, end]} />
              <p class="quiet">
                {points.length === transactions
                  ? `Drawn from all transactions: ${transactions}.`
                  : `Drawn from ${points.length} of ${transactions} transactions, evenly spaced: what is between two of them is left out.`}{' '}
                Drag over a part to see it larger; click twice to see all.
              </p>
            </>
          )
        }}
      </Answer>
    </section>
  )
}

type Steps = readonly Pick<Curve['points'][number], 'createdAt' | 'balance'>[]

function Drawn({ steps }: { readonly steps: Steps }) {
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
      height={HEIGHT_PX}
      stepped
    />
  )
}

/** Marks of an axis may lie between two units, if there is no money to write. */
function show(units: number): string {
  return Number.isSafeInteger(units) ? dollars(BigInt(units)) : ''
}
