/** PostgreSQL's text form of an array of anything that needs no quotes: numbers, UUIDs. */
export function plainArray<Item>(items: readonly Item[], text: (item: Item) => string | bigint | number): string {
  return `{${items.map(text).join(',')}}`
}

/** PostgreSQL's text form of an array of text; `null` stays NULL. */
export function textArray<Item>(items: readonly Item[], text: (item: Item) => string | null): string {
  return `{${items.map((item) => quote(text(item))).join(',')}}`
}

const NEEDS_ESCAPE = /["\\]/g

function quote(text: string | null): string {
  return text === null ? 'NULL' : `"${text.replace(NEEDS_ESCAPE, '\\$&')}"`
}
