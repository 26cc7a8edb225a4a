import type { Instant } from '../../../domain/instant.ts'
import { type ParsedInstant, parseInstant, roundedUp } from '../../../domain/rfc3339.ts'

const CANONICAL_INTEGER = /^(?:0|[1-9]\d{0,15})$/
const REPEATABLE = 'type'
/** Text, even if there are only digits in it. */
const TEXT = ['reference', 'prefix', 'userID', 'after']

/**
 * Parses a query string with nothing coerced: only digits as an integer is written become a number, everything else
 * stays text and meets the schema as such. A key that stands twice becomes an array, as does `type` always.
 */
export function parseQueryString(text: string): Record<string, unknown> {
  const query: Record<string, unknown> = Object.create(null)
  if (text === '') return query
  const parameters = new URLSearchParams(text)
  for (const key of new Set(parameters.keys())) {
    const isNumber = (value: string) => CANONICAL_INTEGER.test(value) && !TEXT.includes(key)
    const values = parameters.getAll(key).map((value) => (isNumber(value) ? Number(value) : value))
    query[key] = values.length > 1 || key === REPEATABLE ? values : values[0]
  }
  return query
}

/** A time that a request's schema has checked. */
export function parseTime(text: string): ParsedInstant {
  const parsed = parseInstant(text)
  if (parsed === undefined) throw new RangeError(`not a time: ${text}`)
  return parsed
}

interface TimeBounds {
  readonly createdBefore?: string
  readonly createdAfter?: string
  readonly createdFrom?: string
}

/** The bounds in time of a request, as the domain's queries have them. */
export function parseBounds({ createdBefore, createdAfter, createdFrom }: TimeBounds): {
  readonly [Bound in keyof TimeBounds]: Instant
} {
  return {
    ...(createdBefore !== undefined && { createdBefore: roundedUp(parseTime(createdBefore)) }),
    ...(createdAfter !== undefined && { createdAfter: parseTime(createdAfter).instant }),
    ...(createdFrom !== undefined && { createdFrom: roundedUp(parseTime(createdFrom)) }),
  }
}
