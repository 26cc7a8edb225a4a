import { readFile, writeFile } from 'node:fs/promises'
import { init } from 'echarts'
import type { SweepPoint } from './sweep.ts'

/*
 * Draws docs/performance.svg from the benchmark's JSON: npm run bench:draw [-- FILE].
 */

const WIDTH = 900
const HEIGHT = 410

function panel(points: readonly SweepPoint[], series: SweepPoint['series'], index: number) {
  const those = points.filter((point) => point.series === series)
  const line = (name: string, axis: number, value: (point: SweepPoint) => number) => ({
    name,
    type: 'line' as const,
    xAxisIndex: index,
    yAxisIndex: 2 * index + axis,
    data: those.map((point) => Math.round(value(point) * 10) / 10),
    ...(axis === 1 && { lineStyle: { type: 'dashed' as const } }),
  })
  return {
    grid: { left: `${7 + 50 * index}%`, width: '36%', top: 100, bottom: 50 },
    xAxis: {
      type: 'category' as const,
      gridIndex: index,
      name: series === 'connections' ? 'connections' : 'most in a batch (256 connections)',
      nameLocation: 'middle' as const,
      nameGap: 28,
      data: those.map(({ at }) => String(at)),
    },
    yAxes: [
      { type: 'value' as const, gridIndex: index, name: 'transfers/s' },
      { type: 'log' as const, gridIndex: index, name: 'ms', splitLine: { show: false } },
    ],
    series: [
      line('transfers a second', 0, ({ perSecond }) => perSecond),
      line('p50, ms', 1, ({ p50Ms }) => p50Ms),
      line('p99, ms', 1, ({ p99Ms }) => p99Ms),
    ],
  }
}

async function main(): Promise<void> {
  const [file = 'docs/performance.json'] = process.argv.slice(2)
  const { sweep }: { sweep: readonly SweepPoint[] } = JSON.parse(await readFile(file, 'utf8'))
  const panels = [panel(sweep, 'connections', 0), panel(sweep, 'batch size', 1)]
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: {
      text: 'Durable transfers, 10 000 wallets, everything on two cores',
      left: 'center',
      textStyle: { fontSize: 14 },
    },
    legend: { top: 32 },
    grid: panels.map(({ grid }) => grid),
    xAxis: panels.map(({ xAxis }) => xAxis),
    yAxis: panels.flatMap(({ yAxes }) => yAxes),
    series: panels.flatMap(({ series }) => series),
  })
  await writeFile('docs/performance.svg', chart.renderToSVGString())
  chart.dispose()
  process.stdout.write('docs/performance.svg is drawn\n')
}

await main()
