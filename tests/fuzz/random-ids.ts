import fc from 'fast-check'
import { isUserID } from './contract-values.ts'
import type { IssuedIDs } from './transaction-ids.ts'

/** Text, once it is known whose request it is in. */
export type Value = (userID: string) => string

export function transactionID(ids: IssuedIDs): fc.Arbitrary<Value> {
  const of =
    (make: Value): Value =>
    (userID) =>
      isUserID(userID) ? make(userID) : ids.fresh('ann')
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(of(ids.fresh)) },
    { weight: 3, arbitrary: fc.nat(6).map((back) => of((userID) => ids.earlier(userID, back + 1))) },
    { weight: 1, arbitrary: fc.constant(of(ids.expired)) },
    { weight: 1, arbitrary: fc.constant(() => ids.fresh('someone else')) },
    { weight: 1, arbitrary: fc.nat(35).map((at) => of((userID) => tampered(ids.fresh(userID), at))) },
  )
}

/** Another hexadecimal digit in one place. */
function tampered(id: string, at: number): string {
  const digit = id[at] === '-' ? '-' : id[at] === '0' ? '1' : '0'
  return id.slice(0, at) + digit + id.slice(at + 1)
}

export function strangeTransactionID(ids: IssuedIDs): fc.Arbitrary<Value> {
  return fc
    .constantFrom<((id: string) => string)[]>(
      (id) => id.toUpperCase(),
      (id) => id.replaceAll('-', ''),
      (id) => `${id} `,
      (id) => `${id}\n`,
      (id) => `{${id}}`,
      (id) => `urn:uuid:${id}`,
      (id) => `${id}'--`,
      (id) => id.replace(/./, '\\'),
      (id) => id.replace(/./, '０'),
      (id) => id.slice(1),
      (id) => id + id,
      () => '',
      () => '00000000-0000-8000-8000-000000000000',
    )
    .map(
      (alter): Value =>
        (userID) =>
          alter(ids.fresh(isUserID(userID) ? userID : 'ann')),
    )
}
