import type { ComponentChildren } from 'preact'
import { Failure } from './asked.tsx'
import { Chart } from './chart.tsx'
import type { Rates } from './rates.ts'
import { EVERY_MS, useRates } from './use-rates.ts'

const HEIGHT_PX = 170

/** What the service does right now, as it tells itself. */
export function Live() {
  return <Gathered draw={(pictures) => <Pictures {...pictures} />} />
}

/** The same in short: how much was done, and what was refused. */
export function Recently() {
  return (
    <Gathered
      draw={(pictures) => (
        <div class="pictures">
          <Throughput {...pictures} />
          <Refused {...pictures} />
        </div>
      )}
    />
  )
}

interface PicturesProps {
  readonly history: readonly Rates[]
  readonly last: Rates
}

function Gathered({ draw }: { readonly draw: (pictures: PicturesProps) => ComponentChildren }) {
  const { history, error, restarted } = useRates()
  const last = history.at(-1)
  return (
    <>
      <p class="quiet">
        The figures of the instance that answers, every {EVERY_MS / 1000} seconds since the console was opened.
        {restarted && ' Another instance answered since, or it was restarted: there is a gap.'}
      </p>
      {error !== undefined && <Failure error={error} />}
      {last === undefined ? (
        <p class="quiet" role="status">
          Gathering …
        </p>
      ) : (
        draw({ history, last })
      )}
    </>
  )
}

function Pictures(pictures: PicturesProps) {
  return (
    <div class="pictures">
      <Throughput {...pictures} />
      <Latency {...pictures} />
      <BatchSize {...pictures} />
      <Waiting {...pictures} />
      <Refused {...pictures} />
    </div>
  )
}

function framed(history: readonly Rates[]) {
  return { times: history.map(({ at }) => at), height: HEIGHT_PX, leastS: 60, show: round }
}

function Throughput({ history, last }: PicturesProps) {
  return (
    <Picture
      title="Throughput, each second"
      now={`${round(last.executedPerS)} executed of ${round(last.requestsPerS)} requests`}
    >
      <Chart
        {...framed(history)}
        summary={`${round(last.executedPerS)} movements a second`}
        lines={[
          { label: 'requests', colour: '--quiet', values: history.map((each) => each.requestsPerS) },
          { label: 'executed', colour: '--accent', values: history.map((each) => each.executedPerS) },
        ]}
      />
    </Picture>
  )
}

function Latency({ history, last: { p50ms, p99ms } }: PicturesProps) {
  return (
    <Picture
      title="Latency of movements, ms"
      now={p99ms === null ? 'none just now' : `p50 ${round(p50ms ?? 0)}, p99 ${round(p99ms)}`}
    >
      <Chart
        {...framed(history)}
        summary={`99 of 100 within ${p99ms === null ? 'no' : round(p99ms)} ms`}
        lines={[
          { label: 'p50', colour: '--accent', values: history.map((each) => each.p50ms) },
          { label: 'p99', colour: '--warn', values: history.map((each) => each.p99ms) },
        ]}
      />
    </Picture>
  )
}

function BatchSize({ history, last: { batchSize } }: PicturesProps) {
  return (
    <Picture title="Movements in a batch" now={batchSize === null ? 'none just now' : `${round(batchSize)} on average`}>
      <Chart
        {...framed(history)}
        summary={`${batchSize === null ? 'no' : round(batchSize)} movements share a commit`}
        lines={[{ label: 'batch size', colour: '--accent', values: history.map((each) => each.batchSize) }]}
      />
    </Picture>
  )
}

function Waiting({ history, last: { waiting, waitingLimit } }: PicturesProps) {
  return (
    <Picture title="Movements that wait" now={`${waiting} of ${waitingLimit} that may`}>
      <Chart
        {...framed(history)}
        summary={`${waiting} movements wait`}
        lines={[{ label: 'waiting', colour: '--accent', values: history.map((each) => each.waiting) }]}
      />
    </Picture>
  )
}

function Refused({ history, last }: PicturesProps) {
  const now = round(refusedPerS(last))
  return (
    <Picture title="Refused and failed, each second" now={now}>
      <Chart
        {...framed(history)}
        summary={`${now} a second`}
        lines={[{ label: 'refused', colour: '--warn', values: history.map(refusedPerS) }]}
      />
      <ul class="codes" aria-label="By code, each second">
        {[...last.refusedPerS].map(([code, perS]) => (
          <li key={code}>
            <span class="code">{code}</span> {round(perS)}
          </li>
        ))}
      </ul>
    </Picture>
  )
}

function refusedPerS(rates: Rates): number {
  return [...rates.refusedPerS.values()].reduce((sum, each) => sum + each, 0)
}

function Picture({
  title,
  now,
  children,
}: {
  readonly title: string
  readonly now: string
  readonly children: ComponentChildren
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
