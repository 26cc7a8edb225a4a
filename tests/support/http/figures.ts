/** One series of the page that Prometheus reads. */
export interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Figures {
  readonly text: string
  readonly series: readonly Series[]
  /** The sum of the series that have this name and at least these labels; 0 if there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

/** Reads the text format; a line that is neither a comment nor a series fails the test. */
export function parseFigures(text: string): Figures {
  const series = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseLine)
  return {
    text,
    series,
    sum: (name, labels = {}) =>
      series
        .filter(
          (each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value),
        )
        .reduce((sum, { value }) => sum + value, 0),
  }
}

function parseLine(line: string): Series {
  const [, name, labels = '', value] = LINE.exec(line) ?? []
  if (name === undefined) throw new Error(`no series: ${line}`)
  const pairs = [...labels.matchAll(LABEL)].map(([, key = '', held = '']) => [key, held])
  return { name, labels: Object.fromEntries(pairs), value: Number(value) }
}

/** The page of a running service. */
export async function readFigures(url: string): Promise<Figures> {
  const response = await fetch(`${url}/metrics`)
  if (response.status !== 200) throw new Error(`no figures: ${response.status}`)
  return parseFigures(await response.text())
}

/** How much two pages differ, taken a while apart. */
export function since(
  before: Figures,
  after: Figures,
): (name: string, labels?: Readonly<Record<string, string>>) => number {
  return (name, labels) => after.sum(name, labels) - before.sum(name, labels)
}
