import { type HrTime, ValueType } from '@opentelemetry/api'
import { hrTime } from '@opentelemetry/core'
import { emptyResource } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { HistogramReading, MetricFamily, ReadFamilies } from '../../ports/telemetry.ts'
import { CONVENTIONS, type Convention } from './conventions.ts'

/**
 * Reads the figures that are counted for Prometheus at the moment in which they are to be sent: what happens is counted once,
 * and a request does not pay for the second way out.
 */
export function createProducer(read: ReadFamilies, version: string): MetricProducer {
  const since = hrTime(0)
  return {
    async collect() {
      const families = await read()
      const until = hrTime()
      const metrics = families.flatMap((family) => {
        const convention = CONVENTIONS[family.name]
        return convention === undefined ? [] : toMetric(family, convention, since, until)
      })
      const scope = { name: 'wallet-service', version }
      const scopeMetrics = [{ scope, metrics: joined(metrics) }]
      // The reader keeps the resource of its provider.
      return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] }
    },
  }
}

function toMetric(family: MetricFamily, convention: Convention, startTime: HrTime, endTime: HrTime): MetricData[] {
  const { name, unit, kind, attributes = () => ({}) } = convention
  const common = {
    descriptor: { name, unit, description: family.help, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  const point = <Value>(labels: Readonly<Record<string, string>>, value: Value): DataPoint<Value> => ({
    ...{ startTime, endTime, value },
    attributes: attributes(labels),
  })
  if (family.kind === 'histogram') {
    const dataPoints = family.series.map(({ labels, value }) => point(labels, toHistogram(value)))
    return [{ ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints }]
  }
  const dataPoints = family.series
    .filter(({ value }) => Number.isFinite(value))
    .map(({ labels, value }) => point(labels, value))
  if (dataPoints.length === 0) return []
  if (kind === 'gauge') return [{ ...common, dataPointType: DataPointType.GAUGE, dataPoints }]
  return [{ ...common, dataPointType: DataPointType.SUM, dataPoints, isMonotonic: kind === 'counter' }]
}

function toHistogram({ bounds, counts, sum }: HistogramReading): Histogram {
  return {
    buckets: { boundaries: [...bounds], counts: [...counts] },
    count: counts.reduce((all, count) => all + count, 0),
    sum,
  }
}

/** What has one name here and two in Prometheus. */
function joined(metrics: readonly MetricData[]): MetricData[] {
  const byName = new Map<string, MetricData>()
  for (const metric of metrics) {
    const first = byName.get(metric.descriptor.name)
    if (first?.dataPointType === DataPointType.SUM && metric.dataPointType === DataPointType.SUM)
      byName.set(metric.descriptor.name, { ...first, dataPoints: [...first.dataPoints, ...metric.dataPoints] })
    else byName.set(metric.descriptor.name, metric)
  }
  return [...byName.values()]
}
