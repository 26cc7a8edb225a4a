import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'

export interface Line {
  readonly label: string
  /** The name of a custom property of the page's style that holds its colour. */
  readonly colour: string
  readonly values: readonly (number | null)[]
}

interface ChartProps {
  /** What it shows, for those who cannot see it. */
  readonly summary: string
  /** Seconds since 1970, rising. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  /** Writes a value, exactly. */
  readonly show: (value: number) => string
  /** Writes a mark of the axis, shortly; by default as a value. */
  readonly mark?: (value: number) => string
  readonly height: number
  /** How many seconds the axis of time has at least. */
  readonly leastS?: number
  /** A value holds until the next one, instead of moving there in a straight line. */
  readonly stepped?: boolean
}

const CHARACTER_PX = 8
/** What a day or a time of it takes. */
const MARK_PX = 90
const darkness = matchMedia('(prefers-color-scheme: dark)')
const paper = matchMedia('print')
/** What stands between the margins of A4 and of Letter. */
const PAPER_PX = 660

/** Lines over time, on a canvas that is as wide as its place. */
export function Chart({ summary, times, lines, show, mark = show, height, leastS = 1, stepped = false }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const labels = lines.map(({ label }) => label).join()

  useEffect(() => {
    const { current: holder } = place
    if (holder === null) return
    const draw = () => {
      plot.current?.destroy()
      plot.current = new uPlot(
        optionsOf(holder, { lines, show, mark, height, leastS, stepped }),
        dataOf(times, lines),
        holder,
      )
    }
    const fit = new ResizeObserver(() => plot.current?.setSize({ width: widthIn(holder), height }))
    draw()
    fit.observe(holder)
    for (const look of [darkness, paper]) look.addEventListener('change', draw)
    return () => {
      for (const look of [darkness, paper]) look.removeEventListener('change', draw)
      fit.disconnect()
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [labels, height, stepped])

  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines])

  return <div class="chart" ref={place} role="img" aria-label={summary} />
}

/** A page is laid out for paper too late to be measured. */
function widthIn(holder: HTMLElement): number {
  return paper.matches ? PAPER_PX : holder.clientWidth
}

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])]
}

function optionsOf(
  holder: HTMLElement,
  { lines, show, mark, height, leastS, stepped }: Required<Omit<ChartProps, 'summary' | 'times'>>,
): uPlot.Options {
  const style = getComputedStyle(holder)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') } }
  const paths = stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined
  return {
    width: widthIn(holder),
    height,
    scales: {
      x: { range: (_plot, low, high) => [Math.min(low, high - leastS), high] },
      // Nothing is below zero: neither money nor a rate.
      y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.05 : 1] },
    },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
    axes: [
      { ...axis, space: MARK_PX, values: (_plot, ticks, _axis, _space, step) => marks(ticks, step) },
      {
        ...axis,
        values: (_plot, ticks) => ticks.map(mark),
        size: (_plot, texts) => 16 + CHARACTER_PX * Math.max(3, ...(texts ?? []).map((text) => text.length)),
      },
    ],
    series: [
      { label: 'Time (UTC)', value: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}' },
      ...lines.map(({ label, colour: name }) => ({
        label,
        stroke: colour(name),
        width: 2,
        ...(lines.length === 1 && { fill: `${colour(name)}22` }),
        ...(paths && { paths }),
        points: { show: false },
        value: (_plot: uPlot, value: number | null) => (value === null ? '—' : show(value)),
      })),
    ],
  }
}

const DAY_S = 86_400

/** What stands under the marks of the time axis: as fine as they are apart, and the day wherever it is another one. */
function marks(ticks: readonly number[], stepS: number): string[] {
  let shownDay = ''
  return ticks.map((seconds) => {
    const [day = '', time = ''] = new Date(seconds * 1000).toISOString().split('T')
    if (stepS >= DAY_S) return day
    const text = stepS >= 60 ? time.slice(0, 5) : time.slice(0, stepS >= 1 ? 8 : 12)
    const line = day === shownDay ? '' : `\n${day}`
    shownDay = day
    return `${text}${line}`
  })
}
