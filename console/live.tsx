import { useEffect, useState } from 'preact/hooks'
import { Failure, noteFailure } from './asked.tsx'
import { Chart, type Line } from './chart.tsx'
import { readFigures } from './data.ts'
import { type Rates, type Reading, ratesBetween } from './rates.ts'

const EVERY_MS = 2000
/** Five minutes. */
const KEPT = 150
const HEIGHT_PX = 170

/** What the service does right now, as it tells itself. */
export function Live() {
  const { history, error, restarted } = useRates()
  const last = history.at(-1)
  return (
    <>
      <p class="quiet">
        The figures of the instance that answers, every {EVERY_MS / 1000} seconds since this page was opened.
        {restarted && ' Another instance answered since, or it was restarted: there is a gap.'}
      </p>
      {error !== undefined && <Failure error={error} />}
      {last === undefined ? (
        <p class="quiet" role="status">
          Gathering …
        </p>
      ) : (
        <Pictures history={history} last={last} />
      )}
    </>
  )
}

function useRates() {
  const [history, setHistory] = useState<readonly Rates[]>([])
  const [error, setError] = useState<unknown>(undefined)
  const [restarted, setRestarted] = useState(false)
  useEffect(() => {
    const ending = new AbortController()
    let timer = 0
    let before: Reading | undefined

    async function look(): Promise<void> {
      try {
        const reading = { samples: await readFigures(ending.signal), at: Date.now() / 1000 }
        const rates = before && ratesBetween(before, reading)
        if (before !== undefined && rates === undefined) setRestarted(true)
        before = reading
        if (rates !== undefined) setHistory((earlier) => [...earlier, rates].slice(-KEPT))
        setError(undefined)
      } catch (failure) {
        if (ending.signal.aborted) return
        noteFailure(failure)
        setError(failure)
      }
      timer = window.setTimeout(look, EVERY_MS)
    }
    void look()
    return () => {
      ending.abort()
      clearTimeout(timer)
    }
  }, [])
  return { history, error, restarted }
}

function Pictures({ history, last }: { readonly history: readonly Rates[]; readonly last: Rates }) {
  const refused = (rates: Rates) => [...rates.refusedPerS.values()].reduce((a, b) => a + b, 0)
  const line = (label: string, colour: string, value: (rates: Rates) => number | null): Line => ({
    label,
    colour,
    values: history.map(value),
  })
  const times = history.map(({ at }) => at)
  const picture = { times, height: HEIGHT_PX }
  return (
    <div class="pictures">
      <Picture
        title="Throughput, each second"
        now={`${round(last.executedPerS)} executed of ${round(last.requestsPerS)} requests`}
      >
        <Chart
          {...picture}
          summary={`${round(last.executedPerS)} movements a second`}
          show={round}
          lines={[
            line('requests', '--quiet', (each) => each.requestsPerS),
            line('executed', '--accent', (each) => each.executedPerS),
          ]}
        />
      </Picture>
      <Picture
        title="Latency of movements, ms"
        now={last.p99ms === null ? 'none just now' : `p50 ${round(last.p50ms ?? 0)}, p99 ${round(last.p99ms)}`}
      >
        <Chart
          {...picture}
          summary={`99 of 100 within ${last.p99ms === null ? 'no' : round(last.p99ms)} ms`}
          show={round}
          lines={[line('p50', '--accent', (each) => each.p50ms), line('p99', '--warn', (each) => each.p99ms)]}
        />
      </Picture>
      <Picture
        title="Movements in a batch"
        now={last.batchSize === null ? 'none just now' : `${round(last.batchSize)} on average`}
      >
        <Chart
          {...picture}
          summary={`${last.batchSize === null ? 'no' : round(last.batchSize)} movements share a commit`}
          show={round}
          lines={[line('batch size', '--accent', (each) => each.batchSize)]}
        />
      </Picture>
      <Picture title="Movements that wait" now={`${last.waiting} of ${last.waitingLimit} that may`}>
        <Chart
          {...picture}
          summary={`${last.waiting} movements wait`}
          show={round}
          lines={[line('waiting', '--accent', (each) => each.waiting)]}
        />
      </Picture>
      <Picture title="Refused and failed, each second" now={round(refused(last))}>
        <Chart
          {...picture}
          summary={`${round(refused(last))} a second`}
          show={round}
          lines={[line('refused', '--warn', refused)]}
        />
        <ul class="codes" aria-label="By code, each second">
          {[...last.refusedPerS].map(([code, perS]) => (
            <li key={code}>
              <span class="code">{code}</span> {round(perS)}
            </li>
          ))}
        </ul>
      </Picture>
    </div>
  )
}

function Picture({
  title,
  now,
  children,
}: {
  readonly title: string
  readonly now: string
  readonly children: preact.ComponentChildren
}) {
  return (
    <section>
      <h2 class="small">{title}</h2>
      <p class="now">{now}</p>
      {children}
    </section>
  )
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace('.0', '')
}
