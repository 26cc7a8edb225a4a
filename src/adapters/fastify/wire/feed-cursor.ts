import { hash } from 'node:crypto'
import { type Epoch, FIRST_EPOCH } from '../../../domain/epoch.ts'
import { FEED_START, type FeedPosition } from '../../../domain/feed.ts'
import type { TransactionID } from '../../../domain/transaction.ts'
import { parseUserID } from '../../../domain/user-id.ts'

/*
 * A place in the feed as clients keep it: JSON behind a checksum, in base64url. The checksum is for what was cut off or
 * mistyped. It is no signature: who may read the feed may read all of it, and a key would be one more thing that a cursor
 * has to outlive.
 */

const VERSION = 1
const CHECKSUM_CHARACTERS = 12
/** What PostgreSQL's bigint holds, with room to spare. */
const NUMBER = /^(?:0|[1-9]\d{0,17})$/
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function formatCursor({ number, userID, id, transactionID, epoch }: FeedPosition): string {
  // The first epoch is left out, as it was before there were others.
  const later = epoch === FIRST_EPOCH ? [] : [epoch]
  const place = JSON.stringify([VERSION, String(number), userID, String(id), transactionID, ...later])
  return Buffer.from(checksum(place) + place).toString('base64url')
}

/** `undefined` unless it is one that {@link formatCursor} has made. */
export function parseCursor(text: string): FeedPosition | undefined {
  const bytes = Buffer.from(text, 'base64url')
  // Node.js takes padding and other alphabets as well, and leaves out what is none.
  if (bytes.toString('base64url') !== text) return undefined
  const whole = bytes.toString()
  const place = whole.slice(CHECKSUM_CHARACTERS)
  return whole.startsWith(checksum(place)) ? readPlace(place) : undefined
}

function checksum(place: string): string {
  return hash('sha256', place, 'hex').slice(0, CHECKSUM_CHARACTERS)
}

function readPlace(place: string): FeedPosition | undefined {
  const parts = parseJSON(place)
  if (!Array.isArray(parts) || parts[0] !== VERSION) return undefined
  const texts = parts.slice(1).filter((part) => typeof part === 'string')
  const [number, user, id, transactionID, epoch = FIRST_EPOCH, ...more] = texts
  if (texts.length !== parts.length - 1 || more.length > 0) return undefined
  if (number === undefined || user === undefined || id === undefined || transactionID === undefined) return undefined
  if (!NUMBER.test(number) || !NUMBER.test(id) || !UUID.test(transactionID)) return undefined
  if (epoch !== FIRST_EPOCH && !UUID.test(epoch)) return undefined
  if (transactionID === FEED_START.transactionID) return FEED_START
  const userID = parseUserID(user)
  if (userID === undefined) return undefined
  const ids = { id: BigInt(id), transactionID: transactionID as TransactionID, epoch: epoch as Epoch }
  return { number: BigInt(number), userID, ...ids }
}

function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
