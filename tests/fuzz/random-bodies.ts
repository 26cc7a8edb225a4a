import fc from 'fast-check'
import { maxBodyBytes } from './body-bounds.ts'
import type { Operation } from './document.ts'
import { membersOf, quoted, strangeMembers, write } from './random-members.ts'
import { isObject } from './schema.ts'
import type { IssuedIDs } from './transaction-ids.ts'

/** Writes JSON as bytes, as they should be or not. */
type Write = (json: string) => Buffer

interface Wrong {
  readonly values: boolean
  readonly members: boolean
  readonly text: boolean
}

type Body = (userID: string) => Buffer | undefined

export function bodyOf(operation: Operation, ids: IssuedIDs, wrong: Wrong): fc.Arbitrary<Body> {
  const { body: schema } = operation
  const text = wrong.text ? strangeBytes(maxBodyBytes(operation)) : fc.constant<Write>((json) => Buffer.from(json))
  // A body of an operation that takes none is HTTP's to ignore.
  if (schema === undefined)
    return fc.constantFrom<Body[]>(
      () => undefined,
      () => undefined,
      () => Buffer.from('{'),
    )
  const right = membersOf(schema, ids, wrong.values)
  const members = wrong.members ? right.chain(strangeMembers) : right
  const json = fc.tuple(members, layout, text).map(
    ([members, space, toBytes]): Body =>
      (userID) =>
        toBytes(write(members, userID, space)),
  )
  const mayBeNone = !isObject(schema) && !wrong.text
  return mayBeNone
    ? fc.oneof(
        json,
        fc.constantFrom<Body[]>(
          () => undefined,
          () => Buffer.alloc(0),
        ),
      )
    : json
}

const layout = fc.constantFrom('', '', ' ', '\r\n\t')

/** JSON that is none, or not in UTF-8, or as long as a body may just be, or longer. */
const strangeBytes = (maxBytes: number): fc.Arbitrary<Write> =>
  fc.oneof(
    fc.constantFrom<Write[]>(
      (json) => Buffer.from(`\ufeff${json}`),
      (json) => Buffer.from(json, 'utf16le'),
      (json) => Buffer.from(`\ufeff${json}`, 'utf16le'),
      (json) => Buffer.from(`${json}\0`),
      (json) => Buffer.from(`\0${json}`),
      (json) => Buffer.from(json.replace('}', ',}')),
      (json) => Buffer.from(`${json}//`),
      (json) => Buffer.from(`/**/${json}`),
      (json) => Buffer.from(json.replaceAll('"', "'")),
      (json) => Buffer.from(json + json),
      (json) => Buffer.from(`[${json}]`),
      (json) => Buffer.from(`{"a":${json}}`),
      (json) => Buffer.from(quoted(json)),
      (json) => Buffer.from(`)]}',\n${json}`),
      (json) => Buffer.from(`${json}\u2028`),
      (json) => Buffer.from(`\u00a0${json}`),
      (json) => Buffer.from(encodeURIComponent(json)),
      (json) => Buffer.concat([Buffer.from(json.slice(0, 8)), Buffer.from([0xff]), Buffer.from(json.slice(8))]),
      (json) => Buffer.concat([Buffer.from(json), Buffer.from([0xc3])]),
      (json) => Buffer.from(json.replaceAll('a', 'ä'), 'latin1'),
      (json) => Buffer.from('['.repeat(10_000) + json + ']'.repeat(6000)),
      (json) => Buffer.from('{"a":'.repeat(3000) + json),
      (json) => Buffer.from(json.padEnd(maxBytes + 32 * 1024)),
      ...['', ' ', 'null', 'true', '1', '"a"', '[]', '{}', '[', '{', '-', '"', '\\', '\0'].map(
        (text) => () => Buffer.from(text),
      ),
    ),
    fc.integer({ min: -2, max: 2 }).map(
      (more): Write =>
        (json) =>
          Buffer.from(json.padEnd(maxBytes + more)),
    ),
    fc.nat(200).map(
      (at): Write =>
        (json) =>
          Buffer.from(json.slice(0, at)),
    ),
    fc.tuple(fc.nat(200), fc.nat(255)).map(
      ([at, byte]): Write =>
        (json) => {
          const bytes = Buffer.from(json)
          bytes[at % Math.max(1, bytes.length)] = byte
          return bytes
        },
    ),
    fc.uint8Array({ maxLength: 64 }).map(
      (bytes): Write =>
        () =>
          Buffer.from(bytes),
    ),
  )
