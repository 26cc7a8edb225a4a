import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FIGURES_VARIABLE, type Figures } from '../support/faults/fault-verdict.ts'

/*
 * Runs the fault suite, one file after another, since its figures are times, and prints them as a table. Arguments go to
 * tap; without any, every fault runs.
 */

const RUN_TESTS = fileURLToPath(new URL('run-tests.js', import.meta.url))
const ALL = 'dist/tests/fault/**/*.test.js'
const FILE_LIMIT_S = 300

const COLUMNS: readonly [title: string, text: (figures: Figures) => string | number][] = [
  ['fault', ({ fault }) => fault],
  ['sent', ({ sent }) => sent],
  ['200', ({ acknowledged }) => acknowledged],
  ['refused', ({ refused }) => refused],
  ['503, not done', ({ turnedAway }) => turnedAway],
  ['lists', ({ lists }) => lists],
  ['atomic ones whole', ({ atomicWhole }) => atomicWhole],
  ['unknown', ({ unknown }) => unknown],
  ['of those, done', ({ unknownExecuted }) => unknownExecuted],
  ['settled by the service', ({ settledByService }) => settledByService],
  ['slowest', ({ slowestMs }) => `${slowestMs} ms`],
  ['works again after', ({ againAfterMs }) => (againAfterMs === undefined ? '' : `${againAfterMs} ms`)],
]

function toTable(all: readonly Figures[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  const titles = COLUMNS.map(([title]) => title)
  return [
    line(titles),
    line(titles.map(() => '---')),
    ...all.map((one) => line(COLUMNS.map(([, text]) => text(one)))),
  ].join('\n')
}

function sum(all: readonly Figures[], count: (figures: Figures) => number): number {
  return all.reduce((total, one) => total + count(one), 0)
}

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'wallet-faults-'))
  const file = join(folder, 'figures')
  try {
    const given = process.argv.slice(2)
    const files = given.some((argument) => !argument.startsWith('-')) ? given : [...given, ALL]
    const run = spawn(process.execPath, [RUN_TESTS, '--jobs=1', `--timeout=${FILE_LIMIT_S}`, ...files], {
      stdio: 'inherit',
      env: { ...process.env, [FIGURES_VARIABLE]: file },
    })
    const [code] = await once(run, 'exit')
    const text = await readFile(file, 'utf8').catch(() => '')
    const all: Figures[] = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
    if (all.length === 0) return code ?? 1
    process.stdout.write(`\n${toTable(all)}\n`)
    const hard = sum(all, ({ unknownExecuted }) => unknownExecuted)
    const settled = sum(all, ({ settledByService }) => settledByService)
    process.stdout.write(
      `\nlost: 0, done twice: 0. Executed without an answer: ${hard} told their clients when they asked again, ${settled} found by the service.\n`,
    )
    if (files.includes(ALL) && (hard === 0 || settled === 0)) {
      process.stderr.write('the hard case was not met: nothing was executed whose answer was lost\n')
      return 1
    }
    return code ?? 1
  } finally {
    await rm(folder, { recursive: true })
  }
}

process.exitCode = await main()
