import { median } from './figures.ts'

/** What was measured of one load; CPU in microseconds a transfer. */
export interface CitusSample {
  readonly where: string
  readonly load: string
  readonly wallets: number
  /** Undefined where nothing is distributed. */
  readonly shards: number | undefined
  readonly connections: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Transfers in one batch, on average. */
  readonly batch: number
  readonly cpuMicros: Readonly<Record<string, number>>
}

/** The median of each figure over the rounds. */
export function summarize(samples: readonly CitusSample[]): CitusSample[] {
  const groups = new Map<string, CitusSample[]>()
  for (const sample of samples) {
    const key = `${sample.where}|${sample.load}|${sample.connections}`
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const middle = (of: (sample: CitusSample) => number) => median(group.map(of))
    return [
      {
        ...first,
        perSecond: middle(({ perSecond }) => perSecond),
        p50Ms: middle(({ p50Ms }) => p50Ms),
        p99Ms: middle(({ p99Ms }) => p99Ms),
        batch: middle(({ batch }) => batch),
        cpuMicros: Object.fromEntries(
          Object.keys(first.cpuMicros).map((part) => [part, middle(({ cpuMicros }) => cpuMicros[part] ?? 0)]),
        ),
      },
    ]
  })
}

export function toTable(rows: readonly CitusSample[]): string {
  const head = ['where', 'load', 'connections', 'transfers/s', 'p50', 'p99', 'batch', 'CPU µs a transfer', 'in all']
  const lines = rows.map((row) => [
    ...[row.where, row.load, row.connections, Math.round(row.perSecond)],
    ...[`${row.p50Ms.toFixed(1)} ms`, `${row.p99Ms.toFixed(1)} ms`, row.batch.toFixed(0)],
    Object.entries(row.cpuMicros)
      .map(([part, micros]) => `${part} ${micros.toFixed(0)}`)
      .join(', '),
    Object.values(row.cpuMicros)
      .reduce((sum, micros) => sum + micros, 0)
      .toFixed(0),
  ])
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
