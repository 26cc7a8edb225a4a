/** What a run of tap says, of its raw output. */

export interface Tally {
  /** Assertions. */
  readonly passed: number
  readonly failed: number
  /** Files, or groups of files that share a process, that are done. */
  readonly processes: number
}

const ASSERTION = /^( *)(not )?ok \d+(?: - )?(.*)/
const SUBTEST = /^( *)# Subtest: (.*)/
const NOT_COUNTED = /# (?:TODO|SKIP)/i
const INDENT = 4

/** A line of TAP with the block of YAML behind it. */
interface Entry {
  readonly line: string
  readonly details: readonly string[]
}

export function tally(tap: string): Tally {
  const counts = { passed: 0, failed: 0, processes: 0 }
  for (const { line } of entriesOf(tap)) {
    const [, indent, not, what = ''] = ASSERTION.exec(line) ?? []
    if (indent === undefined) continue
    if (indent === '') counts.processes += 1
    else if (not === undefined) counts.passed += 1
    else if (!NOT_COUNTED.test(what)) counts.failed += 1
  }
  return counts
}

/** Each failure in full, below the names of the tests that it is in. What fails only since something in it did is left out. */
export function failures(tap: string): string {
  const within: string[] = []
  const found: string[] = []
  /** How deep the last failure was: one above it only repeats it. */
  let failedAt = 0
  for (const { line, details } of entriesOf(tap)) {
    const [, outer, name] = SUBTEST.exec(line) ?? []
    if (name !== undefined) {
      within.length = depthOf(outer)
      within.push(name)
    }
    const [, indent, not, what = ''] = ASSERTION.exec(line) ?? []
    if (indent === undefined || not === undefined || NOT_COUNTED.test(what)) continue
    const depth = depthOf(indent)
    if (depth >= failedAt) found.push([[...within.slice(0, depth), what].join(' > '), ...details, ''].join('\n'))
    failedAt = depth
  }
  return found.join('\n')
}

function depthOf(indent = ''): number {
  return indent.length / INDENT
}

/** What a block quotes may look like TAP, and is none. */
function entriesOf(tap: string): readonly Entry[] {
  const entries: { line: string; details: string[] }[] = []
  let end: string | undefined
  for (const line of tap.split('\n')) {
    if (line === end) end = undefined
    else if (end !== undefined) entries.at(-1)?.details.push(line)
    else if (/^ *---$/.test(line)) end = line.replace('---', '...')
    else entries.push({ line, details: [] })
  }
  return entries
}
