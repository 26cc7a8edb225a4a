import fc from 'fast-check'
import type { JSONSchema } from './document.ts'
import { strangeTransactionID, transactionID, type Value } from './random-ids.ts'
import { beyond, integers, isObject, propertiesOf } from './schema.ts'
import { strangeJSON, strangeName, user, wrongUser } from './texts.ts'
import type { IssuedIDs } from './transaction-ids.ts'

type Members = readonly (readonly [name: string, json: Value])[]
/** Writes JSON as bytes, as they should be or not. */
type Write = (json: string) => Buffer

const MAX_BODY_BYTES = 16 * 1024

interface Wrong {
  readonly values: boolean
  readonly members: boolean
  readonly text: boolean
}

type Body = (userID: string) => Buffer | undefined

export function bodyOf(schema: JSONSchema | undefined, ids: IssuedIDs, wrong: Wrong): fc.Arbitrary<Body> {
  const text = wrong.text ? strangeBytes : fc.constant<Write>((json) => Buffer.from(json))
  // A body of an operation that takes none is HTTP's to ignore.
  if (schema === undefined)
    return fc.constantFrom<Body[]>(
      () => undefined,
      () => undefined,
      () => Buffer.from('{'),
    )
  const members = wrong.members ? membersOf(schema, ids, wrong).chain(strangeMembers) : membersOf(schema, ids, wrong)
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

function write(members: Members, userID: string, space: string): string {
  const written = members.map(([name, json]) => `${space}${quoted(name)}${space}:${space}${json(userID)}${space}`)
  return `{${written.join(',')}}`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, '0'))
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`
}

function membersOf(schema: JSONSchema, ids: IssuedIDs, { values }: Wrong): fc.Arbitrary<Members> {
  const members = Object.entries(propertiesOf(schema)).map(([name, of]) =>
    fc.tuple(
      fc.constant(name),
      values ? fc.oneof(strangeMember(name, of, ids), value(name, of, ids)) : value(name, of, ids),
    ),
  )
  return fc.tuple(...members).chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
}

function value(name: string, schema: JSONSchema, ids: IssuedIDs): fc.Arbitrary<Value> {
  if (schema.type === 'integer')
    return fc
      .oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 9 }), integers(schema))
      .map((n) => () => String(n))
  const text = textOf(name, ids)
  return fc.tuple(text, fc.constantFrom(quoted, quoted, escaped)).map(
    ([text, quote]) =>
      (userID) =>
        quote(text(userID)),
  )
}

function textOf(name: string, ids: IssuedIDs): fc.Arbitrary<Value> {
  switch (name) {
    case 'passiveUserID':
      return user.map((text) => () => text)
    case 'transactionID':
      return transactionID(ids)
    default:
      throw new Error(`there is a new member, and no text for it: ${name}`)
  }
}

function strangeMember(name: string, schema: JSONSchema, ids: IssuedIDs): fc.Arbitrary<Value> {
  const json = strangeJSON.map((json) => () => json)
  if (schema.type === 'integer')
    return fc.oneof(
      json,
      beyond(schema).map((n) => () => n),
    )
  const text = name === 'transactionID' ? strangeTransactionID(ids) : wrongUser.map((text) => () => text)
  return fc.oneof(
    json,
    text.map(
      (text): Value =>
        (userID) =>
          quoted(text(userID)),
    ),
  )
}

/** Members twice, too many, too few, under names that JavaScript knows. */
function strangeMembers(members: Members): fc.Arbitrary<Members> {
  const one = members.length > 0 ? fc.constantFrom(...members) : fc.constant(['amount', () => '1'] as const)
  const value = strangeJSON.map((json) => () => json)
  const extra = fc.tuple(
    fc.oneof(
      strangeName,
      one.map(([name]) => name),
    ),
    fc.oneof(
      value,
      one.map(([, json]) => json),
    ),
  )
  return fc.oneof(
    extra.map((member) => [...members, member]),
    extra.map((member) => [member, ...members]),
    fc.subarray([...members]),
    fc.array(extra, { maxLength: 3 }),
    fc
      .tuple(one, strangeName)
      .map(([old, name]) => members.map((each) => (each === old ? ([name, old[1]] as const) : each))),
    fc.constant([...members, ...members]),
  )
}

/** JSON that is none, or not in UTF-8, or as long as a body may just be, or longer. */
const strangeBytes: fc.Arbitrary<Write> = fc.oneof(
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
    (json) => Buffer.from(json.padEnd(3 * MAX_BODY_BYTES)),
    ...['', ' ', 'null', 'true', '1', '"a"', '[]', '{}', '[', '{', '-', '"', '\\', '\0'].map(
      (text) => () => Buffer.from(text),
    ),
  ),
  fc.integer({ min: -2, max: 2 }).map(
    (more): Write =>
      (json) =>
        Buffer.from(json.padEnd(MAX_BODY_BYTES + more)),
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
