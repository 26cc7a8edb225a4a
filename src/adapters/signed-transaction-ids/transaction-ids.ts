import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { fromMilliseconds } from '../../domain/instant.ts'
import type { TransactionID } from '../../domain/transaction.ts'
import type { UserID } from '../../domain/user-id.ts'
import { KEY_BYTES, type TransactionIDs } from '../../ports/transaction-ids.ts'

/** The bytes before the seal: 48 bits of milliseconds, 4 of version, 34 that make it unique (around 2 of variant). */
const HEAD_BYTES = 11
const ID_BYTES = 16
const VERSION_8 = 0x80
const VARIANT = 0x80

/**
 * Transaction IDs that carry their own proof: UUIDs of version 8 (RFC 9562) whose last 40 bits are a truncated
 * HMAC-SHA-256 over the rest and the user. Neither issuing nor checking one touches the database. The time comes
 * first, so that the database's index grows at one end.
 *
 * The unique bits count up from a random start: one instance never repeats an ID within a millisecond (2^34 of them),
 * and two instances meet only if they pass the same number in the same millisecond for the same user.
 *
 * @param key {@link KEY_BYTES} bytes; every instance on one database has the same.
 */
export function createSignedTransactionIDs(key: Buffer): TransactionIDs {
  if (key.length !== KEY_BYTES) throw new RangeError(`the key must have ${KEY_BYTES} bytes, it has ${key.length}`)
  const start = randomBytes(5)
  let counterHigh = start.readUInt8(0) & 0x03
  let counterLow = start.readUInt32BE(1)

  function seal(id: Buffer, userID: UserID): Buffer {
    const digest = createHmac('sha256', key).update(id.subarray(0, HEAD_BYTES)).update(userID).digest()
    return digest.subarray(0, ID_BYTES - HEAD_BYTES)
  }

  return {
    issue(userID, now) {
      counterLow = (counterLow + 1) >>> 0
      if (counterLow === 0) counterHigh = (counterHigh + 1) & 0x03
      const id = Buffer.alloc(ID_BYTES)
      id.writeUIntBE(Number(now / 1000n), 0, 6)
      id.writeUInt8(VERSION_8 | (counterHigh << 2) | (counterLow >>> 30), 6)
      id.writeUInt8((counterLow >>> 22) & 0xff, 7)
      id.writeUInt8(VARIANT | ((counterLow >>> 16) & 0x3f), 8)
      id.writeUInt16BE(counterLow & 0xffff, 9)
      seal(id, userID).copy(id, HEAD_BYTES)
      return toUUID(id)
    },

    issuedAt(userID, transactionID) {
      const id = Buffer.from(transactionID.replaceAll('-', ''), 'hex')
      // Another spelling of the same bytes would be another ID to those who compare text.
      if (id.length !== ID_BYTES || toUUID(id) !== transactionID) return undefined
      if (!timingSafeEqual(seal(id, userID), id.subarray(HEAD_BYTES))) return undefined
      return fromMilliseconds(id.readUIntBE(0, 6))
    },
  }
}

function toUUID(id: Buffer): TransactionID {
  const hex = id.toString('hex')
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return parts.join('-') as TransactionID
}
