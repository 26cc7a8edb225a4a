import { createHmac } from 'node:crypto'
import { type Epoch, FIRST_EPOCH } from '../../domain/epoch.ts'
import { MAX_USER_ID_BYTES } from '../../domain/user-id.ts'
import { type EpochKey, KEY_BYTES } from '../../ports/transaction-ids.ts'
import { createHMAC } from './hmac.ts'

/** One key of the ring, ready to seal with. */
export interface RingKey {
  readonly epoch: Epoch
  /** Of what stands before the seal and the user: a hexadecimal text. */
  readonly sign: (text: string) => string
}

/** The first signs, all of them prove. */
export type KeyRing = readonly [RingKey, ...RingKey[]]

/**
 * The keys that there are: each of `keys` in each epoch. In the first epoch they sign as they are. In a later one each is mixed with
 * that epoch's own key, so that a new epoch retires all that signed before, wherever they come from.
 *
 * @param keys newest first, of {@link KEY_BYTES} bytes; every instance on one database has the same.
 * @param epochs newest first, without the first one.
 * @param headCharacters how many characters are signed before the user's ID, at most.
 */
export function createKeyRing(keys: readonly Buffer[], epochs: readonly EpochKey[], headCharacters: number): KeyRing {
  for (const { length } of keys)
    if (length !== KEY_BYTES) throw new RangeError(`the key must have ${KEY_BYTES} bytes, it has ${length}`)
  const toRingKey = (epoch: Epoch, key: Buffer): RingKey => ({
    epoch,
    sign: createHMAC(key, headCharacters + MAX_USER_ID_BYTES),
  })
  const [first, ...others] = [
    ...epochs.flatMap(({ epoch, key }) => keys.map((each) => toRingKey(epoch, mixed(each, key)))),
    ...keys.map((key) => toRingKey(FIRST_EPOCH, key)),
  ]
  if (first === undefined) throw new RangeError('there is no key')
  return [first, ...others]
}

/** Only one who has both can make it: the epoch's key lies in the database, the other one may not. */
function mixed(key: Buffer, epochKey: Buffer): Buffer {
  return createHmac('sha256', key).update(epochKey).digest()
}
