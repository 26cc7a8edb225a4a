import fc from 'fast-check'
import type { JSONSchema } from './document.ts'
import type { Value } from './random-ids.ts'
import type { Members } from './random-members.ts'
import { user } from './texts.ts'

const MAX_ITEMS = 1000

/** A list of movements: of many users or of one, with an ID twice, as long as a list may be, or by one longer. */
export function listOf(
  items: readonly JSONSchema[],
  membersOf: (item: JSONSchema) => fc.Arbitrary<Members>,
): fc.Arbitrary<Value> {
  const item = fc.record({ user, members: fc.oneof(...items.map(membersOf)) })
  const some = fc.array(item, { minLength: 1, maxLength: 5 })
  return fc.record({ some, ofOne: fc.boolean(), more: fc.nat(99) }).map(
    ({ some, ofOne, more }): Value =>
      () => {
        const [first] = some
        const of = ofOne ? first?.user : undefined
        const texts = some.map(({ user, members }) => writeItem(members, of ?? user))
        const [again = ''] = texts
        if (more < 10) texts.push(again)
        if (more === 10 || more === 11) texts.push(...Array<string>(MAX_ITEMS - texts.length + more - 10).fill(again))
        return `[${texts.join(',')}]`
      },
  )
}

function writeItem(members: Members, userID: string): string {
  return `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json(userID)}`).join(',')}}`
}
