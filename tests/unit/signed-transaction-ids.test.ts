import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createSignedTransactionIDs } from '../../src/adapters/signed-transaction-ids/transaction-ids.ts'
import { type Epoch, FIRST_EPOCH } from '../../src/domain/epoch.ts'
import { after, fromMilliseconds } from '../../src/domain/instant.ts'
import type { TransactionID } from '../../src/domain/transaction.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import { KEY_BYTES } from '../../src/ports/transaction-ids.ts'
import { alice, bob, NOW, transactionID } from '../support/domain-builders.ts'

const UUID_8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const ID_BITS = 128

/** By the release that signed with `createHmac`, with the bytes 0, 1, 2, … as its key. */
const ISSUED_EARLIER = [
  { userID: 'alice', transactionID: '0193cd9e-95d0-8454-a7fe-0e63495adc93' },
  { userID: 'é', transactionID: '0193cd9e-95d0-8454-a7fe-0f33f94edf0a' },
  { userID: '😀'.repeat(128), transactionID: '0193cd9e-95d0-8454-a7fe-10c160b3cba4' },
  { userID: 'x'.repeat(128), transactionID: '0193cd9e-95d0-8454-a7fe-11b323a805b2' },
]

const key = randomBytes(KEY_BYTES)
const ids = createSignedTransactionIDs([key])

t.test('an ID is a UUID of version 8 in lower case', async (t) => {
  for (let n = 0; n < 1000; n += 1) {
    const id = ids.issue(alice, NOW)
    if (!UUID_8.test(id)) t.fail(`${id} is none`)
  }
  t.match(ids.issue(alice, NOW), UUID_8)
})

t.test('an ID tells when it was issued, to the millisecond', async (t) => {
  t.equal(ids.prove(alice, ids.issue(alice, NOW))?.issuedAt, 1_734_321_542_608_000n)
  const late = fromMilliseconds(Date.UTC(9999, 11, 31))
  t.equal(ids.prove(alice, ids.issue(alice, late))?.issuedAt, late)
})

t.test('an ID in another spelling is not that ID', async (t) => {
  const id = ids.issue(alice, NOW)
  for (const spelling of [
    id.toUpperCase(),
    id.replaceAll('-', ''),
    `${id.slice(0, 7)}-${id.slice(7, 8)}${id.slice(9)}`,
    `${id}00`,
  ]) {
    t.equal(ids.prove(alice, spelling as TransactionID), undefined, spelling)
  }
})

t.test('later IDs sort after earlier ones', async (t) => {
  const issued = Array.from({ length: 100 }, (_, ms) => ids.issue(alice, after(NOW, BigInt(ms) * 1000n)))
  t.strictSame(issued.toSorted(), issued)
})

t.test('no ID comes twice, even within one microsecond', async (t) => {
  const seen = new Set<string>()
  for (let n = 0; n < 100_000; n += 1) seen.add(ids.issue(alice, NOW))
  t.equal(seen.size, 100_000)
  const unsealed = new Set([...seen].map((id) => id.slice(0, 26)))
  t.equal(unsealed.size, 100_000, 'already the part before the seal is unique')
})

t.test('two instances with one key know each other’s IDs and do not repeat them', async (t) => {
  const other = createSignedTransactionIDs([key])
  const mine = new Set(Array.from({ length: 1000 }, () => ids.issue(alice, NOW)))
  for (let n = 0; n < 1000; n += 1) {
    const id = other.issue(alice, NOW)
    if (mine.has(id)) t.fail('an ID came twice')
  }
  t.ok(ids.prove(alice, other.issue(alice, NOW)))
})

t.test('an ID with any one bit flipped is not known', async (t) => {
  const id = ids.issue(alice, NOW)
  const bits = BigInt(`0x${id.replaceAll('-', '')}`)
  t.equal(toUUID(bits), id)
  for (let bit = 0; bit < ID_BITS; bit += 1) {
    const flipped = toUUID(bits ^ (1n << BigInt(bit)))
    t.equal(ids.prove(alice, flipped), undefined, `bit ${bit}`)
  }
})

t.test('an ID is known for the user it was issued to and for no one else', async (t) => {
  const users = [alice, bob, toUserID('Alice'), toUserID('alice2'), toUserID('é'), toUserID('e\u0301')]
  for (const owner of users) {
    const id = ids.issue(owner, NOW)
    for (const user of users) t.equal(ids.prove(user, id) !== undefined, user === owner, `${owner}’s, by ${user}`)
  }
})

t.test('an ID of another key is not known', async (t) => {
  const other = createSignedTransactionIDs([randomBytes(KEY_BYTES)])
  t.equal(ids.prove(alice, other.issue(alice, NOW)), undefined)
})

t.test('what is no issued ID at all is not known', async (t) => {
  for (const text of [transactionID(1), '', 'x', '-', 'ff'.repeat(16), `${ids.issue(alice, NOW)}00`]) {
    t.equal(ids.prove(alice, text as TransactionID), undefined, text)
  }
})

t.test('IDs that earlier releases issued stay good', async (t) => {
  const old = createSignedTransactionIDs([Buffer.from(Array.from({ length: KEY_BYTES }, (_, index) => index))])
  for (const { userID, transactionID } of ISSUED_EARLIER)
    t.ok(old.prove(toUserID(userID), transactionID as TransactionID), `${transactionID} of ${userID}`)
})

t.test('of several keys the first signs, and all of them prove', async (t) => {
  const [older, oldest] = [randomBytes(KEY_BYTES), randomBytes(KEY_BYTES)]
  const ring = createSignedTransactionIDs([key, older, oldest])
  t.ok(ids.prove(alice, ring.issue(alice, NOW)))
  for (const each of [key, older, oldest]) {
    const id = createSignedTransactionIDs([each]).issue(alice, NOW)
    t.strictSame(ring.prove(alice, id), { issuedAt: 1_734_321_542_608_000n, epoch: FIRST_EPOCH })
    t.equal(ring.prove(bob, id), undefined)
  }
  t.equal(ring.prove(alice, createSignedTransactionIDs([randomBytes(KEY_BYTES)]).issue(alice, NOW)), undefined)
})

t.test('in a new epoch every key signs anew, and an ID tells the epoch that it was issued in', async (t) => {
  const older = randomBytes(KEY_BYTES)
  const [second, third] = ['2', '3'].map((epoch) => ({ epoch: epoch as Epoch, key: randomBytes(KEY_BYTES) }))
  if (second === undefined || third === undefined) throw new Error('no epochs')
  const ring = createSignedTransactionIDs([key, older])
  const issued = [{ id: ring.issue(alice, NOW), epoch: FIRST_EPOCH }]
  issued.push({ id: createSignedTransactionIDs([older]).issue(alice, NOW), epoch: FIRST_EPOCH })
  t.ok(ring.enter([second]))
  issued.push({ id: ring.issue(alice, NOW), epoch: second.epoch })
  t.ok(ring.enter([third, second]))
  issued.push({ id: ring.issue(alice, NOW), epoch: third.epoch })
  issued.push({ id: createSignedTransactionIDs([older], [third]).issue(alice, NOW), epoch: third.epoch })
  t.notOk(ring.enter([third, second]), 'nothing new')

  const fresh = createSignedTransactionIDs([key, older], [third, second])
  for (const { id, epoch } of issued)
    for (const each of [ring, fresh]) t.equal(each.prove(alice, id)?.epoch, epoch, `${id} of ${epoch}`)

  const elsewhere = { ...third, key: randomBytes(KEY_BYTES) }
  const other = createSignedTransactionIDs([key], [elsewhere]).issue(alice, NOW)
  t.equal(ring.prove(alice, other), undefined, 'an epoch is known by its key, not by its name')
})

t.test('without a key there is no ring', async (t) => {
  t.throws(() => createSignedTransactionIDs([]), new RangeError('there is no key'))
})

t.test('a key of another length is turned down', async (t) => {
  for (const length of [0, 31, 33]) {
    t.throws(
      () => createSignedTransactionIDs([Buffer.alloc(length)]),
      new RangeError(`the key must have 32 bytes, it has ${length}`),
    )
  }
})

function toUUID(bits: bigint): TransactionID {
  const hex = bits.toString(16).padStart(32, '0')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') as TransactionID
}
