import { fromField } from './times.ts'

/** From when until when, which does not belong to it any more: in UTC, as `datetime-local` fields hold them. */
export interface FieldPeriod {
  readonly from: string
  readonly to: string
}

/** The month of a moment; `months` later if that is said. */
export function monthOf(moment: Date, months = 0): FieldPeriod {
  const first = (more: number) =>
    new Date(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth() + months + more)).toISOString().slice(0, 16)
  return { from: first(0), to: first(1) }
}

/** The period that stands in the address; this month if there is none that can be read. */
export function periodOf(parameters: URLSearchParams): FieldPeriod {
  const [from, to] = [parameters.get('from') ?? '', parameters.get('to') ?? '']
  const isWhole = fromField(from) !== undefined && fromField(to) !== undefined
  return isWhole ? { from, to } : monthOf(new Date())
}

export function toMoment(field: string): Date {
  return new Date(`${field}Z`)
}

/** `November 2026`, or both ends if it is no month. */
export function nameOf({ from, to }: FieldPeriod): string {
  const month = monthOf(toMoment(from))
  if (from === month.from && to === month.to)
    return toMoment(from).toLocaleDateString('en', { month: 'long', year: 'numeric', timeZone: 'UTC' })
  return `${from.replace('T', ' ')} to ${to.replace('T', ' ')}`
}
