import { Argument, Option } from '@commander-js/extra-typings'
import { METADATA_KEY_PATTERN, METADATA_VALUE_PATTERN, parseReference, REFERENCE_WORDS } from '../src/domain/note.ts'
import { parseInstant } from '../src/domain/rfc3339.ts'
import { parseUserID, USER_ID_WORDS } from '../src/domain/user-id.ts'
import { AMOUNT_EXPECTED, parseAmount } from './amounts.ts'
import { wrongValue } from './errors.ts'

/** What the commands take, each with what is wrong about a wrong value. */

const TRANSACTION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }
const MAX_DEADLINE_MS = 3_600_000
const DEFAULT_DEADLINE_MS = 30_000

type Parse<Value> = (text: string) => Value | undefined

/** @throws {UsageError} from the returned function. */
export function reader<Value>(what: string, expected: string, parse: Parse<Value>): (text: string) => Value {
  return (text) => {
    const value = parse(text)
    if (value === undefined) throw wrongValue(what, JSON.stringify(text), expected)
    return value
  }
}

export function oneOf<const Value extends string>(what: string, values: readonly Value[]): (text: string) => Value {
  return reader(what, values.join(', '), (text) => values.find((value) => value === text))
}

export function userArgument<Name extends string>(name: Name, description: string) {
  return new Argument(`<${name}>`, description).argParser(reader(name.toUpperCase(), USER_ID_WORDS, parseUserID))
}

/** The text beside its amount: a command that is to be repeated is shown as it was given. */
export const amountArgument = new Argument('<amount>', 'base units (1250000), or dollars (1.25usd)').argParser(
  reader('AMOUNT', AMOUNT_EXPECTED, (text) => {
    const units = parseAmount(text)
    return units === undefined ? undefined : { units, text }
  }),
)

export const transactionIDOption = new Option(
  '--transaction-id <id>',
  'send an earlier movement again: it happens once, whenever it was sent',
).argParser(
  reader('--transaction-id', 'the transaction ID that the movement was first sent with', (text) =>
    TRANSACTION_ID.test(text) ? text : undefined,
  ),
)

export function referenceOption(description: string) {
  return new Option('--reference <text>', description).argParser(reader('--reference', REFERENCE_WORDS, parseReference))
}

const METADATA_KEY = new RegExp(METADATA_KEY_PATTERN, 'u')
const METADATA_VALUE = new RegExp(METADATA_VALUE_PATTERN, 'u')

const readMetadata = reader(
  '--metadata',
  'key=value, with a key of 1 to 40 characters and a value of at most 500',
  (text): readonly [key: string, value: string] | undefined => {
    const end = text.indexOf('=')
    const [key, value] = [text.slice(0, Math.max(end, 0)), text.slice(end + 1)]
    return METADATA_KEY.test(key) && METADATA_VALUE.test(value) ? [key, value] : undefined
  },
)

export const metadataOption = new Option(
  '--metadata <key=value>',
  'a field of your own, which no recipient sees; repeatable',
).argParser((text, before: readonly (readonly [key: string, value: string])[] | undefined) => {
  const field = readMetadata(text)
  if (before?.some(([key]) => key === field[0])) throw wrongValue('--metadata', JSON.stringify(text), 'each key once')
  return [...(before ?? []), field]
})

export const ifVersionOption = new Option(
  '--if-version <version>',
  'only if the wallet still has this version, which balance --json shows',
).argParser(reader('--if-version', 'a whole number: the version of the wallet', parseCount))

export const reasonOption = new Option('--reason <text>', 'why; it is kept for those who ask later')
  .argParser(
    reader('--reason', '1 to 200 characters', (text) => (text !== '' && text.length <= 200 ? text : undefined)),
  )
  .makeOptionMandatory()

export const urlOption = new Option('--url <url>', 'where the service is (WALLET_URL, else http://127.0.0.1:8080)')

export const deadlineOption = new Option('--deadline <time>', 'how long to try for a final answer: 500ms, 30s, 2m')
  .argParser(reader('--deadline', 'a whole number and a unit: 500ms, 30s, 2m; at most 60m', parseDeadline))
  .default(DEFAULT_DEADLINE_MS, '30s')

export const jsonOption = new Option('--json', 'print what the service answers')

export const FORMATS = ['table', 'json', 'csv'] as const
export type Format = (typeof FORMATS)[number]

export function formatOption() {
  return new Option('--format <format>', FORMATS.join(', '))
    .argParser(oneOf('--format', FORMATS))
    .default('table' as const)
    .conflicts('json')
}

export function timeOption<Name extends string>(name: Name, description: string) {
  const expected = 'a time as RFC 3339 writes it: 2026-11-22T11:52:50Z'
  return new Option(`--${name} <time>`, description).argParser(
    reader(`--${name}`, expected, (text) => (parseInstant(text) === undefined ? undefined : text)),
  )
}

/** A version, or the id of a transaction; 0 before the first. */
export function parseCount(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined
}

/** In milliseconds. */
function parseDeadline(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,6})(ms|s|m)$/.exec(text) ?? []
  const lengthMs = Number(count) * (UNITS_MS[unit ?? ''] ?? Number.NaN)
  return lengthMs <= MAX_DEADLINE_MS ? lengthMs : undefined
}
