import { Counter, Histogram, type Registry } from 'prom-client'
import type { RequestEntry, RequestLog } from '../../ports/telemetry.ts'

/** Seconds; the last one is near a request's deadline. */
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 6]

/** Whatever names no route shares one label, and so do the methods that no route has: clients think of many. */
const NO_ROUTE = 'unmatched'
const METHODS = ['GET', 'HEAD', 'POST', 'PUT']

/** What alerts look at: a counter that begins with its first event shows no rise. */
const FROM_THE_START = ['executed', 'OVERLOADED', 'DATABASE_UNAVAILABLE', 'OUTCOME_UNKNOWN', 'INTERNAL']

/** What an answer adds to, found once for each kind of answer and kept: to find it each time costs as much again. */
interface Series {
  observe(seconds: number): void
  count(): void
}

/** Requests by route and status, and outcomes by code. */
export function requestMetrics(registry: Registry): RequestLog {
  const requests = new Histogram({
    name: 'wallet_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_S,
    registers: [registry],
  })
  const outcomes = new Counter({
    name: 'wallet_outcomes_total',
    help: 'The outcome of requests and of the items of lists: executed, or the code of the problem that they were answered with',
    labelNames: ['outcome', 'replayed'],
    registers: [registry],
  })
  for (const outcome of FROM_THE_START) outcomes.inc({ outcome, replayed: 'false' }, 0)
  outcomes.inc({ outcome: 'executed', replayed: 'true' }, 0)
  const seriesByAnswer = new Map<string, Series>()

  function seriesOf({ method, route = NO_ROUTE, status, outcome, replayed }: RequestEntry): Series {
    const { observe } = requests.labels(METHODS.includes(method) ? method : 'other', route, String(status))
    if (outcome === undefined) return { observe, count() {} }
    const counter = outcomes.labels(outcome, String(replayed === true))
    return { observe, count: () => counter.inc() }
  }

  return (entry) => {
    const answer = `${entry.method} ${entry.status} ${entry.outcome} ${entry.replayed} ${entry.route}`
    let series = seriesByAnswer.get(answer)
    if (series === undefined) {
      series = seriesOf(entry)
      seriesByAnswer.set(answer, series)
    }
    series.observe(entry.ms / 1000)
    series.count()
    for (const { outcome, replayed, count } of entry.items ?? [])
      outcomes.inc({ outcome, replayed: String(replayed) }, count)
  }
}
