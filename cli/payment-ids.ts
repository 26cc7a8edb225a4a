import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { EXIT, Failure } from './errors.ts'
import { stripControlCharacters } from './output.ts'
import { describePayment, type Payment, wrongFile } from './payments.ts'

/*
 * The transaction IDs of a file of payments, in a file beside it: who pays on the first line, then a payment a line, each with its
 * ID. It is there as a whole or not at all, and on the disk before the first ID is used; from then on it says what is paid.
 */

/** A payment with the transaction ID that it is sent with, every time. */
export interface Planned extends Payment {
  readonly transactionID: string
}

interface Kept {
  readonly from: string
  readonly payments: readonly (Omit<Payment, 'line'> & { readonly transactionID: string })[]
}

/** Where the IDs of a file are. */
export function idsPathOf(file: string): string {
  return `${file}.ids`
}

/**
 * What was planned for these payments; `undefined` if nothing was.
 *
 * @throws {Failure} if the payments, or who pays them, are not those that the IDs are for.
 */
export function readPlan(file: string, from: string, payments: readonly Payment[]): readonly Planned[] | undefined {
  const path = idsPathOf(file)
  const text = readIfThere(path)
  if (text === undefined) return undefined
  // Another run may have been killed, or be at work, between its writing and this.
  flush(path)
  const kept = parsePlan(path, text)
  if (kept.from !== from) throw changed(file, path, `--from was ${kept.from}, and is ${from} now`)
  if (kept.payments.length !== payments.length)
    throw changed(file, path, `it had ${kept.payments.length} payments, and has ${payments.length} now`)
  return payments.map((payment, index) => {
    const before = kept.payments[index]
    if (before === undefined || !isSame(before, payment))
      throw changed(
        ...([file, path, `line ${payment.line} was ${before && describePayment(before)}, and is `] as const),
        describePayment(payment),
      )
    return { ...payment, transactionID: before.transactionID }
  })
}

/** Keeps a plan, to be read before it is used: if another run of the command was first, it is that run's which counts. */
export function keepPlan(file: string, from: string, planned: readonly Planned[]): void {
  const path = idsPathOf(file)
  const lines = planned.map(({ user, units, reference, transactionID }) => ({
    ...{ user, units: String(units), reference, transactionID },
  }))
  const text = [{ from, payments: planned.length }, ...lines].map((each) => `${JSON.stringify(each)}\n`).join('')
  const draft = `${path}.${randomUUID()}`
  try {
    writeFileSync(draft, text, { flag: 'wx' })
    flush(draft)
    // Not a rename, which would put our IDs in the place of those that another run may be paying with.
    linkSync(draft, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw notKept(path, error)
  } finally {
    removeIfThere(draft)
  }
}

/** Has a file, and its name in its folder, on the disk. */
function flush(path: string): void {
  sync(path, 'r+')
  // Windows opens no folders.
  if (process.platform !== 'win32') sync(dirname(path), 'r')
}

function sync(path: string, flags: 'r' | 'r+'): void {
  const opened = openSync(path, flags)
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

function parsePlan(path: string, text: string): Kept {
  const [head, ...lines] = text.split('\n').slice(0, -1).map(parseLine)
  const payments = lines.map((line) => {
    const { user, units, reference, transactionID } = line
    const isWhole = typeof user === 'string' && typeof units === 'string' && typeof transactionID === 'string'
    if (!isWhole || !/^\d+$/.test(units) || (reference !== undefined && typeof reference !== 'string'))
      throw unreadable(path)
    return { user, units: BigInt(units), reference, transactionID }
  })
  if (typeof head?.from !== 'string' || head.payments !== payments.length) throw unreadable(path)
  return { from: head.from, payments }
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function isSame(one: Omit<Payment, 'line'>, other: Omit<Payment, 'line'>): boolean {
  return one.user === other.user && one.units === other.units && one.reference === other.reference
}

function changed(file: string, path: string, ...what: readonly string[]): Failure {
  return wrongFile(
    stripControlCharacters(
      `nothing was paid now: ${file} is not what it was when its payments began: ${what.join('')}. Undo that to go on. ` +
        `What is new goes into a file of its own. Keep ${path}: without it, what was paid is paid again.`,
    ),
  )
}

function unreadable(path: string): Failure {
  return wrongFile(
    stripControlCharacters(
      `nothing was paid now: ${path} is not as this command wrote it. Without what it said, what was paid would be paid again.`,
    ),
  )
}

function notKept(path: string, error: unknown): Failure {
  const why = error instanceof Error ? error.message : String(error)
  return new Failure(EXIT.no, stripControlCharacters(`nothing was paid: ${path} could not be written: ${why}`))
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
