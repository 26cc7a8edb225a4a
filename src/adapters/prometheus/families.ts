import type { MetricObjectWithValues, MetricValue, MetricValueWithName, Registry } from 'prom-client'
import type { HistogramReading, MetricFamily } from '../../ports/telemetry.ts'

/** Everything that is in a registry, in the form in which it is sent on. */
export async function familiesOf(registry: Registry): Promise<readonly MetricFamily[]> {
  return (await registry.getMetricsAsJSON()).map(toFamily)
}

function toFamily({ name, help, type, values }: MetricObjectWithValues<MetricValue<string>>): MetricFamily {
  if (String(type) === 'histogram') return { name, help, kind: 'histogram', series: histograms(name, values) }
  const series = values.map(({ labels, value }) => ({ labels: toTexts(labels), value }))
  return { name, help, kind: 'value', series }
}

/** Of a histogram prom-client has a value for each bucket, which counts what is in the smaller ones too. */
function histograms(
  name: string,
  values: readonly MetricValueWithName<string>[],
): { labels: Record<string, string>; value: HistogramReading }[] {
  const series = new Map<string, { labels: Record<string, string>; bounds: number[]; upTo: number[]; sum: number }>()
  for (const { labels, metricName, value } of values) {
    const { le, ...others } = toTexts(labels)
    const key = JSON.stringify(Object.entries(others).sort())
    const one = series.get(key) ?? { labels: others, bounds: [], upTo: [], sum: 0 }
    series.set(key, one)
    if (metricName === `${name}_sum`) one.sum = value
    if (le === undefined) continue
    if (le !== '+Inf') one.bounds.push(Number(le))
    one.upTo.push(value)
  }
  return [...series.values()].map(({ labels, bounds, upTo, sum }) => {
    const counts = upTo.map((count, index) => count - (upTo[index - 1] ?? 0))
    return { labels, value: { bounds, counts, sum } }
  })
}

/** Labels as texts. */
export function toTexts(labels: MetricValue<string>['labels']): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([label, of]) => [label, String(of)]))
}
