import { metadataBytes } from '../../../domain/note.ts'
import { parseInstant } from '../../../domain/rfc3339.ts'
import { parseCursor } from './feed-cursor.ts'

/** The format of text that is a place in the feed. */
export const FEED_CURSOR = 'feed-cursor'

/** Of an object of strings: how large its keys and values are at most, together, in UTF-8. In the API description it is an extension. */
export const MAX_BYTES = 'x-max-bytes'

function isWithin(limit: number, fields: Readonly<Record<string, unknown>>): boolean {
  return metadataBytes(fields) <= limit
}

/** What every validator is told of our schemas. */
export const VALIDATION = {
  // With the schema and the value of each error: what is expected is told from them.
  verbose: true,
  formats: {
    rfc3339: (text: string) => parseInstant(text) !== undefined,
    [FEED_CURSOR]: (text: string) => parseCursor(text) !== undefined,
  },
  keywords: [{ keyword: MAX_BYTES, type: 'object' as const, schemaType: 'number' as const, validate: isWithin }],
}
