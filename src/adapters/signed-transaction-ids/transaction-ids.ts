import { randomBytes, timingSafeEqual } from 'node:crypto'
import { FIRST_EPOCH } from '../../domain/epoch.ts'
import { fromMilliseconds } from '../../domain/instant.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import type { EpochKey, TransactionIDs } from '../../ports/transaction-ids.ts'
import { createKeyRing, type KeyRing, type RingKey } from './key-ring.ts'

/** The characters before the seal, dashes included: 48 bits of milliseconds, 4 of version, 34 that make it unique around 2 of variant. */
const HEAD_CHARACTERS = 26
const SEAL_CHARACTERS = 10

export interface SignedTransactionIDs extends TransactionIDs {
  /**
   * From now on IDs are signed in the newest of these epochs, and those of these epochs are known.
   *
   * @param epochs newest first, without the first one.
   * @returns whether the newest is another than before.
   */
  enter(epochs: readonly EpochKey[]): boolean
}

/**
 * Transaction IDs that carry their own proof: UUIDs of version 8 (RFC 9562) whose last 40 bits are a truncated
 * HMAC-SHA-256 over the rest and the user. Neither issuing nor checking one touches the database. The time comes
 * first, so that the database's index grows at one end.
 *
 * What is sealed is the text, in lower case: another spelling of the same UUID is another ID, and none of ours. It has a
 * fixed length, so where it ends and the user begins is never in doubt.
 *
 * The unique bits count up from a random start: one instance never repeats an ID within a millisecond (2^34 of them),
 * and two instances meet only if they pass the same number in the same millisecond for the same user.
 *
 * An ID does not say which key has signed it. The newest is tried first, so what was issued lately costs one signature to check.
 *
 * @param keys the first signs, the others only prove: 32 bytes each; every instance on one database has the same.
 * @param epochs newest first, without the first one.
 */
export function createSignedTransactionIDs(
  keys: readonly Buffer[],
  epochs: readonly EpochKey[] = [],
): SignedTransactionIDs {
  const start = randomBytes(5)
  let counterHigh = start.readUInt8(0) & 0x03
  let counterLow = start.readUInt32BE(1)
  let ring: KeyRing = createKeyRing(keys, epochs, HEAD_CHARACTERS)

  return {
    issue(userID, now) {
      counterLow = (counterLow + 1) >>> 0
      if (counterLow === 0) counterHigh = (counterHigh + 1) & 0x03
      const time = hex(Number(now / 1000n), 12)
      const version = hex(0x8000 | (counterHigh << 10) | (counterLow >>> 22), 4)
      const variant = hex(0x8000 | ((counterLow >>> 8) & 0x3fff), 4)
      const head = `${time.slice(0, 8)}-${time.slice(8)}-${version}-${variant}-${hex(counterLow & 0xff, 2)}`
      return (head + seal(ring[0], head, userID)) as TransactionID
    },

    prove(userID, transactionID) {
      const head = transactionID.slice(0, HEAD_CHARACTERS)
      const given = Buffer.from(transactionID.slice(HEAD_CHARACTERS))
      if (given.length !== SEAL_CHARACTERS) return undefined
      const key = ring.find((each) => timingSafeEqual(given, Buffer.from(seal(each, head, userID))))
      if (key === undefined) return undefined
      const issuedAt = fromMilliseconds(Number.parseInt(transactionID.slice(0, 8) + transactionID.slice(9, 13), 16))
      return { issuedAt, epoch: key.epoch }
    },

    enter(next) {
      const newest = next[0]?.epoch ?? FIRST_EPOCH
      if (newest === ring[0].epoch) return false
      ring = createKeyRing(keys, next, HEAD_CHARACTERS)
      return true
    },
  }
}

function seal({ sign }: RingKey, head: string, userID: UserID): string {
  return sign(head + userID).slice(0, SEAL_CHARACTERS)
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
