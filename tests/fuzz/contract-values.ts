import { createHash } from 'node:crypto'

/*
 * What the contract says of single values, written down a second time and in other words than the service's, so that
 * the two can disagree.
 */

const MAX = 2n ** 53n - 1n

/** 1 to 128 characters, none of them a control character or half a character, no white space at either end; not one dot or two. */
export function isUserID(text: string): boolean {
  const characters = [...text].map((character) => character.codePointAt(0) ?? 0)
  if (characters.length < 1 || characters.length > 128 || text.trim() !== text) return false
  if (text === '.' || text === '..') return false
  return characters.every((code) => !isControl(code) && !(code >= 0xd800 && code <= 0xdfff))
}

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code < 0xa0)
}

export function isTransactionID(text: string): boolean {
  const groups = text.split('-')
  return groups.map(({ length }) => length).join() === '8,4,4,4,12' && !/[^0-9a-f]/.test(groups.join(''))
}

/** The integer that a JSON number is, exactly; `undefined` if it is none from 1 to 2^53 - 1. */
export function exactAmount(json: JSONValue | undefined): bigint | undefined {
  if (typeof json !== 'string') return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(json) ?? []
  const digits = whole + fraction
  const first = digits.search(/[1-9]/)
  if (sign !== '' || first === -1) return undefined
  const end = digits.length - [...digits].reverse().findIndex((digit) => digit !== '0')
  const power = Number(exponent) - fraction.length + (digits.length - end)
  if (power < 0 || power + end - first > 16) return undefined
  const value = BigInt(digits.slice(first, end)) * 10n ** BigInt(power)
  return value <= MAX ? value : undefined
}

const START = '[1,"0","","0","00000000-0000-0000-0000-000000000000"]'

/** The one cursor that is known before anything was read: checksum and JSON, in base64url. */
export const START_CURSOR = Buffer.from(createHash('sha256').update(START).digest('hex').slice(0, 12) + START).toString(
  'base64url',
)

/** An integer of a query, as one writes it. */
export function isInteger(text: string, max: bigint = MAX): boolean {
  return /^[1-9]\d{0,15}$/.test(text) && BigInt(text) <= max
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** RFC 3339, any offset, up to nanoseconds; where leap seconds are is left open. */
export function isInstant(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (text.match(/\d+/g) ?? []).map(Number)
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0)
  const [offsetHour = 0, offsetMinute = 0] = /[Zz]$/.test(text) ? [] : text.slice(-5).split(':').map(Number)
  return day >= 1 && day <= days && hour < 24 && minute < 60 && second <= 60 && offsetHour < 24 && offsetMinute < 60
}

/** Percent-decoded, as UTF-8; `undefined` if it is neither. */
export function decoded(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined
  const bytes = text.replaceAll(/%(..)/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return utf8(Buffer.from(bytes, 'latin1'))
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[-\d.eE+]+|true|false|null|[[\]{},:]/g

/** A JSON value as it is written: of a scalar its text, as `"a"` or `1.0`. */
export type JSONValue = string | readonly JSONValue[] | Members
export type Members = ReadonlyMap<string, JSONValue>

/** No body of this service nests deeper. */
const MAX_DEPTH = 8

/**
 * The members of a JSON object as they are written, by name; `undefined` if the body is no such object, nests deeper than
 * any body of this service, or a name stands twice in one object.
 */
export function membersOf(body: Buffer): Members | undefined {
  const text = utf8(body)
  if (text === undefined || !isJSON(text)) return undefined
  try {
    const value = readValue((text.match(TOKEN) ?? []).values(), 0)
    return value instanceof Map ? value : undefined
  } catch (error) {
    if (error instanceof NoBody) return undefined
    throw error
  }
}

class NoBody extends Error {}

/** @param tokens of valid JSON. */
function readValue(tokens: Iterator<string>, depth: number, first = String(tokens.next().value)): JSONValue {
  if (depth > MAX_DEPTH) throw new NoBody()
  if (first === '{') return readObject(tokens, depth)
  if (first !== '[') return first
  const items: JSONValue[] = []
  for (let token = String(tokens.next().value); token !== ']'; token = String(tokens.next().value))
    if (token !== ',') items.push(readValue(tokens, depth + 1, token))
  return items
}

function readObject(tokens: Iterator<string>, depth: number): Members {
  const members = new Map<string, JSONValue>()
  for (let token = String(tokens.next().value); token !== '}'; token = String(tokens.next().value)) {
    if (token === ',') continue
    const name = String(JSON.parse(token))
    tokens.next()
    if (members.has(name)) throw new NoBody()
    members.set(name, readValue(tokens, depth + 1))
  }
  return members
}

/** What a JSON string says; `undefined` if it is none. */
export function textIn(json: JSONValue | undefined): string | undefined {
  return typeof json === 'string' && json.startsWith('"') ? String(JSON.parse(json)) : undefined
}

/** An integer from 0, however its number is written; `undefined` if it is none. */
export function exactVersion(json: JSONValue | undefined): bigint | undefined {
  if (typeof json !== 'string') return undefined
  return /^-?0(\.0+)?([eE][+-]?\d+)?$/.test(json) ? 0n : exactAmount(json)
}

/** Characters that are whole. */
function charactersOf(text: string): readonly number[] | undefined {
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0)
  return codes.some((code) => code >= 0xd800 && code <= 0xdfff) ? undefined : codes
}

/** 1 to `max` characters, none of them a control character or half a character. */
function isPrintable(text: string, max: number): boolean {
  const codes = charactersOf(text)
  return codes !== undefined && codes.length >= 1 && codes.length <= max && !codes.some(isControl)
}

/** Whatever characters, but half ones and NUL. */
export function isKept(text: string, min: number, max: number): boolean {
  const codes = charactersOf(text)
  return codes !== undefined && codes.length >= min && codes.length <= max && !codes.includes(0)
}

export function isReference(text: string): boolean {
  return isPrintable(text, 64)
}

/** The fields of metadata; `undefined` if it is none. */
export function metadataIn(json: JSONValue): Readonly<Record<string, string>> | undefined {
  if (!(json instanceof Map) || json.size > 16) return undefined
  let bytes = 0
  const fields: [string, string][] = []
  for (const [key, value] of json) {
    const text = textIn(value)
    if (text === undefined || !isPrintable(key, 40) || !isKept(text, 0, 500)) return undefined
    bytes += Buffer.byteLength(key) + Buffer.byteLength(text)
    fields.push([key, text])
  }
  return bytes <= 2048 ? Object.fromEntries(fields) : undefined
}

function isJSON(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
