declare const reference: unique symbol
declare const metadata: unique symbol

/** What a transaction is about, in the words of the client: see {@link REFERENCE_WORDS}. Not unique. */
export type Reference = string & { readonly [reference]: true }

/** The client's own fields as JSON text, in one form: its keys sorted, without white space. Equal text is equal metadata. */
export type Metadata = string & { readonly [metadata]: true }

/** What a client adds to a movement. What is left out is not there; a note without anything is none. */
export interface Note {
  /** On both halves of a transfer, as on a bank statement. */
  readonly reference?: Reference
  /** The payer's own: never on the recipient's half. */
  readonly metadata?: Metadata
}

export const REFERENCE_WORDS = '1 to 64 characters, no control characters'

/** A character is one that is no half of a surrogate pair, or a whole one: the same with and without the `u` flag. */
const PRINTABLE = '(?:[^\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])'
export const REFERENCE_PATTERN = `^${PRINTABLE}{1,64}$`

export const METADATA = { maxKeys: 16, maxKeyCharacters: 40, maxValueCharacters: 500, maxBytes: 2048 } as const
export const METADATA_KEY_PATTERN = `^${PRINTABLE}{1,${METADATA.maxKeyCharacters}}$`
/** Line breaks and the like may stand in a value; what PostgreSQL cannot keep may not: NUL, and half a surrogate pair. */
export const METADATA_VALUE_PATTERN = `^(?:[^\\x00\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff]){0,${METADATA.maxValueCharacters}}$`
export const METADATA_WORDS =
  `at most ${METADATA.maxKeys} keys of 1 to ${METADATA.maxKeyCharacters} characters with strings of up to ` +
  `${METADATA.maxValueCharacters} characters, ${METADATA.maxBytes} bytes in all`

/** Of one of them. */
export const METADATA_KEY_WORDS = `a key of 1 to ${METADATA.maxKeyCharacters} characters`
export const METADATA_VALUE_WORDS = `a string of up to ${METADATA.maxValueCharacters} characters`

const referencePattern = new RegExp(REFERENCE_PATTERN, 'u')

/** Narrows text to a {@link Reference}, or says `undefined`. */
export function parseReference(text: string): Reference | undefined {
  return referencePattern.test(text) ? (text as Reference) : undefined
}

/** How much the keys and the texts of fields are together, in bytes of UTF-8. */
export function metadataBytes(fields: Readonly<Record<string, unknown>>): number {
  let bytes = 0
  for (const [key, value] of Object.entries(fields))
    bytes += Buffer.byteLength(key) + (typeof value === 'string' ? Buffer.byteLength(value) : 0)
  return bytes
}

/** Fields that were validated before, in a request or before they were kept, in their one form; `undefined` if there are none. */
export function toMetadata(fields: Readonly<Record<string, string>>): Metadata | undefined {
  const keys = Object.keys(fields).sort()
  if (keys.length === 0) return undefined
  // Not JSON.stringify of an object, which puts keys that look like numbers first.
  return `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(fields[key])}`).join(',')}}` as Metadata
}

/** A note of what is there; `undefined` if nothing is. */
export function toNote(reference: Reference | undefined, metadata: Metadata | undefined): Note | undefined {
  if (reference === undefined && metadata === undefined) return undefined
  return { ...(reference !== undefined && { reference }), ...(metadata !== undefined && { metadata }) }
}

/** What of a note the recipient of a transfer is shown. */
export function forRecipient(note: Note | undefined): Note | undefined {
  return note && toNote(note.reference, undefined)
}

export function sameNote(a: Note | undefined, b: Note | undefined): boolean {
  return a?.reference === b?.reference && a?.metadata === b?.metadata
}
