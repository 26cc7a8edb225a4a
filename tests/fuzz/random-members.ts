import fc from 'fast-check'
import type { JSONSchema } from './document.ts'
import { noteMember } from './notes.ts'
import { strangeTransactionID, transactionID, type Value } from './random-ids.ts'
import { listOf } from './random-lists.ts'
import { beyond, integers, isSchema, propertiesOf } from './schema.ts'
import { strangeJSON, strangeName, user, wrongUser } from './texts.ts'
import type { IssuedIDs } from './transaction-ids.ts'

export type Members = readonly (readonly [name: string, json: Value])[]

export function write(members: Members, userID: string, space: string): string {
  const written = members.map(([name, json]) => `${space}${quoted(name)}${space}:${space}${json(userID)}${space}`)
  return `{${written.join(',')}}`
}

export function quoted(text: string): string {
  return JSON.stringify(text)
}

function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, '0'))
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`
}

/** The members of a schema, in any order; those that may be left out are now and then. */
export function membersOf(schema: JSONSchema, ids: IssuedIDs, values: boolean): fc.Arbitrary<Members> {
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : []
  const members = Object.entries(propertiesOf(schema)).map(([name, of]) => {
    const right = value(name, of, ids)
    const member = fc.tuple(fc.constant(name), values ? fc.oneof(strangeMember(name, of, ids), right) : right)
    return required.includes(name) ? member : fc.option(member, { freq: 2 })
  })
  return fc
    .tuple(...members)
    .map((all) => all.filter((member) => member !== null))
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
}

function value(name: string, schema: JSONSchema, ids: IssuedIDs): fc.Arbitrary<Value> {
  const note = noteMember(name, false)
  if (note !== undefined) return note.map((json) => () => json)
  if (Array.isArray(schema.enum)) return choice(schema.enum)
  if (schema.type === 'boolean') return choice([true, false])
  if (schema.type === 'array') return listOf(itemSchemas(schema), (item) => membersOf(item, ids, false))
  if (schema.type === 'integer') return small(schema).map((n) => () => String(n))
  const text = textOf(name, ids)
  return fc.tuple(text, fc.constantFrom(quoted, quoted, escaped)).map(
    ([text, quote]) =>
      (userID) =>
        quote(text(userID)),
  )
}

/** The first of an enumeration more often: a wallet that is open is what most of the others need. */
function choice(values: readonly unknown[]): fc.Arbitrary<Value> {
  return fc.constantFrom(...values, values[0], values[0]).map((one) => () => JSON.stringify(one))
}

function small(schema: JSONSchema): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 9 }), integers(schema))
}

/** What an array may hold. */
function itemSchemas({ items }: JSONSchema): readonly JSONSchema[] {
  const any = isSchema(items) && Array.isArray(items.anyOf) ? items.anyOf : [items]
  return any.filter(isSchema)
}

function textOf(name: string, ids: IssuedIDs): fc.Arbitrary<Value> {
  switch (name) {
    case 'userID':
      return fc.constant((userID) => userID)
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
  const note = noteMember(name, true)
  if (note !== undefined)
    return fc.oneof(
      json,
      note.map((text) => () => text),
    )
  if (Array.isArray(schema.enum))
    return fc.oneof(
      json,
      fc.constantFrom('0', '3', '5', '"1"', '"OPEN"', '"melted"', '"open "').map((text) => () => text),
    )
  if (schema.type === 'boolean') return json
  if (schema.type === 'array')
    return fc.oneof(
      json,
      listOf(itemSchemas(schema), (item) => membersOf(item, ids, true)),
      fc.constantFrom('[]', '[null]', '[[]]', '[{}]', '[1]', '{"length":1}').map((text) => () => text),
    )
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
export function strangeMembers(members: Members): fc.Arbitrary<Members> {
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
