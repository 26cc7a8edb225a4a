import { CsvError, parse } from 'csv-parse/sync'
import { parseReference, REFERENCE_WORDS } from '../src/domain/note.ts'
import { parseUserID, USER_ID_WORDS } from '../src/domain/user-id.ts'
import { AMOUNT_EXPECTED, parseAmount } from './amounts.ts'
import { EXIT, Failure } from './errors.ts'
import { stripControlCharacters } from './output.ts'

/** A line of a file of payments. */
export interface Payment {
  /** Where it ends, counted from 1. */
  readonly line: number
  readonly user: string
  readonly units: bigint
  readonly reference: string | undefined
}

const HEADER = ['user', 'amount', 'reference']
/** More of them say nothing new. */
const MAX_TOLD = 20

/**
 * Reads `user,amount,reference`, a payment a line, the reference if there is one. Blank lines are nothing.
 *
 * @throws {Failure} with every line that is wrong.
 */
export function parsePayments(file: string, text: string, from: string): readonly Payment[] {
  const wrong: string[] = []
  const payments: Payment[] = []
  for (const [line, ...cells] of readLines(file, text)) {
    const payment = toPayment(Number(line), cells, from)
    if (typeof payment !== 'string') payments.push(payment)
    else if (payments.length + wrong.length > 0 || !isHeader(cells)) wrong.push(`${file}:${line}: ${payment}`)
  }
  if (wrong.length > MAX_TOLD) wrong.splice(MAX_TOLD, wrong.length, `and ${wrong.length - MAX_TOLD} more`)
  if (wrong.length === 0 && payments.length === 0) wrong.push(`${file} has no payments`)
  if (wrong.length > 0) throw wrongFile(`nothing was paid.\n  ${wrong.map(stripControlCharacters).join('\n  ')}`)
  return payments
}

export function describePayment({ user, units, reference }: Omit<Payment, 'line'>): string {
  return stripControlCharacters([user, units, ...(reference === undefined ? [] : [reference])].join())
}

export function wrongFile(says: string): Failure {
  return new Failure(EXIT.usage, says)
}

/** The cells of each line that has any, behind the number of the line. */
function readLines(file: string, text: string): readonly (readonly string[])[] {
  try {
    return parse(text, {
      bom: true,
      relax_column_count: true,
      trim: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      on_record: (cells: readonly string[], { lines }) => [String(lines), ...cells],
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw wrongFile(stripControlCharacters(`nothing was paid: ${file} is no CSV: ${error.message}`))
  }
}

/** The payment, or what is wrong with it. */
function toPayment(line: number, cells: readonly string[], from: string): Payment | string {
  const [userText = '', amountText = '', referenceText = '', ...more] = cells
  const user = parseUserID(userText)
  const units = parseAmount(amountText)
  const reference = referenceText === '' ? undefined : parseReference(referenceText)
  if (cells.length < 2 || more.length > 0) return `${JSON.stringify(cells.join())}; expected user,amount,reference`
  if (user === undefined) return `the user is ${JSON.stringify(userText)}; expected ${USER_ID_WORDS}`
  if (units === undefined) return `the amount is ${JSON.stringify(amountText)}; expected ${AMOUNT_EXPECTED}`
  if (referenceText !== '' && reference === undefined)
    return `the reference is ${JSON.stringify(referenceText)}; expected ${REFERENCE_WORDS}`
  return user === from ? 'the user is the one who pays' : { line, user, units, reference }
}

function isHeader(cells: readonly string[]): boolean {
  return cells.length <= HEADER.length && cells.every((cell, index) => cell.toLowerCase() === HEADER[index])
}
