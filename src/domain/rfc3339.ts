import { type Instant, toInstant } from './instant.ts'

const FORM = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

const MICROS_PER_MS = 1000n
const NANOS_PER_MICRO = 1000

/** An instant as RFC 3339 writes it; the nanoseconds that a microsecond cannot hold are told by `exact`. */
export interface ParsedInstant {
  /** Rounded towards the past. */
  readonly instant: Instant
  readonly exact: boolean
}

/** Reads an RFC 3339 timestamp, any offset, up to nanoseconds; `undefined` if it is none. */
export function parseInstant(text: string): ParsedInstant | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match
  const date = new Date(0)
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  const dayExists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  const timeExists = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 60
  const offsetExists = Number(offsetHour) <= 23 && Number(offsetMinute) <= 59
  if (!dayExists || !timeExists || !offsetExists) return undefined
  const offsetMinutes = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -1 : 1)
  // RFC 3339 allows a leap second (60), which reads as the second after it.
  date.setUTCHours(Number(hour), Number(minute) - offsetMinutes, Number(second))
  const nanos = Number(fraction.padEnd(9, '0'))
  return {
    instant: toInstant(BigInt(date.getTime()) * MICROS_PER_MS + BigInt(Math.floor(nanos / NANOS_PER_MICRO))),
    exact: nanos % NANOS_PER_MICRO === 0,
  }
}

/** The first microsecond that is not before the parsed instant. */
export function roundedUp({ instant, exact }: ParsedInstant): Instant {
  return exact ? instant : toInstant(instant + 1n)
}

const FIRST = toInstant(-62_167_219_200_000_000n)
const LAST = toInstant(253_402_300_799_999_999n)

/** Whether RFC 3339 can write it in UTC: its years have four digits, and an offset may lead beyond them. */
export function isWritable(instant: Instant): boolean {
  return instant >= FIRST && instant <= LAST
}

let lastMs = Number.NaN
let lastSecondAndMs = ''

/** Writes an instant in UTC with all six digits: `2024-12-16T03:59:02.608558Z`. */
export function formatInstant(instant: Instant): string {
  const micros = Number(instant)
  const ms = Math.floor(micros / 1000)
  if (ms !== lastMs) {
    // A batch's transactions were made in the same few milliseconds.
    lastSecondAndMs = new Date(ms).toISOString().slice(0, -1)
    lastMs = ms
  }
  return `${lastSecondAndMs}${String(micros - ms * 1000).padStart(3, '0')}Z`
}
