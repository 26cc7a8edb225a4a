/*
 * PostgreSQL's text form of arrays, put together in one pass: with a batch of transfers this is most of what is sent.
 */

/** An array of anything that needs no quotes: numbers, UUIDs. */
export function plainArray<Item>(items: readonly Item[], text: (item: Item) => string | bigint | number): string {
  let array = '{'
  for (const item of items) array += array.length === 1 ? text(item) : `,${text(item)}`
  return `${array}}`
}

/** An array of text; `null` stays NULL. */
export function textArray<Item>(items: readonly Item[], text: (item: Item) => string | null): string {
  let array = '{'
  for (const item of items) array += array.length === 1 ? quote(text(item)) : `,${quote(text(item))}`
  return `${array}}`
}

const NEEDS_ESCAPE = /["\\]/
const EVERY_ESCAPE = /["\\]/g

function quote(text: string | null): string {
  if (text === null) return 'NULL'
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(EVERY_ESCAPE, '\\$&')}"` : `"${text}"`
}
