/** A time of the service or of the auditor, in UTC as everywhere, easier on the eye: `2024-12-16 03:59:02.608558`. */
export function readable(timestamp: string): string {
  return timestamp.replace('T', ' ').replace(/Z$|\+00$/, '')
}

/** Seconds since 1970, as charts count. */
export function toSeconds(timestamp: string): number {
  return Date.parse(timestamp.replace(' ', 'T').replace(/\+00$/, 'Z')) / 1000
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const
const distance = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** How long ago it was: `3 minutes ago`. Clocks differ a little, so what is less than a minute ago was just now. */
export function ago(timestamp: string): string {
  const seconds = Date.now() / 1000 - toSeconds(timestamp)
  const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? []
  return unit === undefined ? 'just now' : distance.format(-Math.floor(seconds / size), unit)
}

/** What a `datetime-local` field holds, taken for UTC, as the API wants it. */
export function fromField(value: string): string | undefined {
  if (value === '') return undefined
  const time = Date.parse(`${value}Z`)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}
