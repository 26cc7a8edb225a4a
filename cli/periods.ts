import { Argument } from '@commander-js/extra-typings'
import type { Period } from '../client/client.ts'
import { reader } from './parameters.ts'

const FORM = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/
const EXPECTED = 'a year, a month or a day in UTC: 2026, 2026-10, 2026-10-05'

/** Reads `2026`, `2026-10` or `2026-10-05`, in UTC; `undefined` for anything else, and for a day that does not exist. */
export function parsePeriod(text: string): Period | undefined {
  const [, year, month, day] = FORM.exec(text) ?? []
  if (year === undefined) return undefined
  const from = new Date(`${year}-${month ?? '01'}-${day ?? '01'}T00:00:00Z`)
  if (Number.isNaN(from.getTime()) || !from.toISOString().startsWith(text)) return undefined
  const to = new Date(from)
  if (day !== undefined) to.setUTCDate(to.getUTCDate() + 1)
  else if (month !== undefined) to.setUTCMonth(to.getUTCMonth() + 1)
  else to.setUTCFullYear(to.getUTCFullYear() + 1)
  return to.getUTCFullYear() > 9999 ? undefined : { from: toRFC3339(from), to: toRFC3339(to) }
}

export const periodArgument = new Argument('[period]', EXPECTED).argParser(reader('PERIOD', EXPECTED, parsePeriod))

function toRFC3339(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z')
}
