/** A time of the service, in UTC as everywhere in it, easier on the eye: `2024-12-16 03:59:02.608558`. */
export function readable(timestamp: string): string {
  return timestamp.replace('T', ' ').replace('Z', '')
}

/** Seconds since 1970, as charts count. */
export function toSeconds(timestamp: string): number {
  return Date.parse(timestamp) / 1000
}

/** What a `datetime-local` field holds, taken for UTC, as the API wants it. */
export function fromField(value: string): string | undefined {
  if (value === '') return undefined
  const time = Date.parse(`${value}Z`)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}
