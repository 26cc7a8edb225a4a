import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { onCitus } from '../support/citus/citus-suite.ts'
import { SERVER_VARIABLE } from '../support/database/database.ts'
import { withTestServer } from '../support/database/test-server.ts'
import { all, onContainers, QUICK_VARIABLE, quick, type Suite } from './suites.ts'
import { failures, type Tally, tally } from './tap-output.ts'

/*
 * Runs tap with one PostgreSQL server for all files of a suite. Without arguments the quick tests run; with `--all` every
 * one; where TEST_CONTAINERS=1 every one that needs a server, and no embedded one; where TEST_CITUS=1 those of
 * citus-suite.ts. Other arguments go to tap: flags, and files to run instead.
 *
 * Failures and a summary are printed; every assertion is in a file.
 */

const require = createRequire(import.meta.url)
const TAP = require.resolve('tap').replace(/dist\/.*/, 'dist/esm/run.mjs')
/** As old as the last time that tap was assembled. */
const TAP_IS_BUILT = '.tap/assembled'
const FULL_OUTPUT = '.tap/last.tap'
const PART = '.tap/part.tap'
/** Files that only import others, to run them in one process: to start one takes longer than most of them. */
const TOGETHER = 'dist/tests/together'
const PROGRESS_MS = 1000

/** tap assembles itself on its first run after an install, and a test that starts meanwhile fails. */
function buildTap(): void {
  const installed = statSync('node_modules/.package-lock.json').mtimeMs
  if ((statSync(TAP_IS_BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0) > installed) return
  say('preparing tap, once after an install (10 s)')
  const { status, stderr } = spawnSync(process.execPath, [TAP, 'build'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tap could not be prepared: ${stderr}`)
  writeFileSync(TAP_IS_BUILT, '')
}

function say(line: string): void {
  process.stderr.write(`tests: ${line}\n`)
}

function writeTogether(together: Suite['together']): readonly string[] {
  rmSync(TOGETHER, { recursive: true, force: true })
  mkdirSync(TOGETHER, { recursive: true })
  return Object.entries(together).map(([name, files]) => {
    const file = `${TOGETHER}/${name}.test.js`
    writeFileSync(file, files.map((each) => `import '../${each}'\n`).join(''))
    return file
  })
}

/** The files and flags to run, a list a server. */
function suitesOf(given: readonly string[]): readonly Suite[] {
  const flags = given.filter((argument) => argument.startsWith('-') && argument !== '--all')
  const files = given.filter((argument) => !argument.startsWith('-'))
  const withFlags = (suites: readonly Suite[]) =>
    suites.map((suite) => ({ ...suite, flags: [...suite.flags, ...flags] }))
  if (files.length > 0) return [{ files, together: {}, flags, durable: true }]
  if (process.env.TEST_CITUS === '1') return [{ files: onCitus(say), together: {}, flags, durable: true }]
  if (process.env.TEST_CONTAINERS === '1') return withFlags([onContainers()])
  return withFlags(given.includes('--all') ? all() : [quick()])
}

async function runSuite(suite: Suite, isQuick: boolean): Promise<{ code: number } & Tally> {
  const files = [...writeTogether(suite.together), ...suite.files]
  return withTestServer(say, suite.durable, async (server) => {
    const output = openSync(PART, 'w')
    const tap = spawn(process.execPath, [TAP, '--reporter=tap', ...suite.flags, ...files], {
      stdio: ['ignore', output, 'inherit'],
      env: { ...process.env, [SERVER_VARIABLE]: JSON.stringify(server), ...(isQuick && { [QUICK_VARIABLE]: '1' }) },
    })
    closeSync(output)
    const hideProgress = showProgress(files.length)
    const [code] = await once(tap, 'exit')
    hideProgress()
    const text = readFileSync(PART, 'utf8')
    appendFileSync(FULL_OUTPUT, text)
    process.stdout.write(failures(text))
    return { code: code ?? 1, ...tally(text) }
  })
}

/** On a terminal, a line that says how far it is. */
function showProgress(all: number): () => void {
  if (process.stderr.isTTY !== true) return () => {}
  const timer = setInterval(() => {
    const { processes, passed, failed } = tally(readFileSync(PART, 'utf8'))
    process.stderr.write(`\r\x1b[2Ktests: ${processes} of ${all} files, ${passed} passed, ${failed} failed`)
  }, PROGRESS_MS)
  return () => {
    clearInterval(timer)
    process.stderr.write('\r\x1b[2K')
  }
}

async function main(): Promise<number> {
  buildTap()
  const given = process.argv.slice(2)
  const suites = suitesOf(given)
  const isQuick = suites.some(({ durable }) => !durable) && !given.includes('--all')
  const start = performance.now()
  writeFileSync(FULL_OUTPUT, '')
  const results: Awaited<ReturnType<typeof runSuite>>[] = []
  for (const suite of suites) results.push(await runSuite(suite, isQuick))
  const sum = (count: (result: Tally) => number) => results.reduce((total, result) => total + count(result), 0)
  const seconds = Math.round((performance.now() - start) / 1000)
  if (isQuick) say('quick tests only; "npm run test:all" starts programs, and has every store behind HTTP')
  say(`${seconds} s; every assertion is in ${FULL_OUTPUT}`)
  process.stdout.write(`${sum(({ passed }) => passed)} passed, ${sum(({ failed }) => failed)} failed\n`)
  return results.find(({ code }) => code !== 0)?.code ?? 0
}

try {
  process.exitCode = await main()
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
