/** One line of the table: what the service did against what it is measured against, in the same run. */
export interface Row {
  readonly name: string
  readonly against: string
  readonly unit: string
  /** A sample for each round. */
  readonly ours: readonly number[]
  readonly theirs: readonly number[]
  /** How the medians compare. */
  readonly ratio: number
  readonly target: { readonly atLeast: number } | { readonly atMost: number } | undefined
}

export function row(given: Omit<Row, 'ratio'>): Row {
  return { ...given, ratio: median(given.ours) / median(given.theirs) }
}

export function isMet({ ratio, target }: Row): boolean {
  if (target === undefined) return true
  return 'atLeast' in target ? ratio >= target.atLeast : ratio <= target.atMost
}

export function median(samples: readonly number[]): number {
  const ascending = [...samples].sort((a, b) => a - b)
  const middle = ascending.length >>> 1
  const upper = ascending[middle] ?? Number.NaN
  return ascending.length % 2 === 1 ? upper : (upper + (ascending[middle - 1] ?? Number.NaN)) / 2
}

export function toTable(rows: readonly Row[]): string {
  const lines = rows.map((line) => [
    line.name,
    line.against,
    `${round(median(line.ours))} ${line.unit}`,
    `${round(median(line.theirs))} ${line.unit}`,
    `${line.ratio.toFixed(2)} ×`,
    describeTarget(line),
  ])
  const head = ['what', 'against', 'service', 'the other', 'ratio', 'target']
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((cells) => (cells[column] ?? '').length)))
  const print = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [print(head), print(widths.map((width) => '-'.repeat(width))), ...lines.map(print)].join('\n')
}

function describeTarget(line: Row): string {
  if (line.target === undefined) return ''
  const wanted = 'atLeast' in line.target ? `≥ ${line.target.atLeast} ×` : `≤ ${line.target.atMost} ×`
  return `${wanted} ${isMet(line) ? 'met' : 'MISSED'}`
}

function round(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(2)
}
