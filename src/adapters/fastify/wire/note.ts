import { type Note, type Reference, toMetadata, toNote } from '../../../domain/note.ts'

interface Sent {
  readonly reference?: Reference
  readonly metadata?: Readonly<Record<string, string>>
}

/** The note of a movement whose schema has checked it; nothing if the client added nothing. */
export function noted({ reference, metadata }: Sent): { readonly note: Note } | undefined {
  if (reference === undefined && metadata === undefined) return undefined
  const note = toNote(reference, metadata && toMetadata(metadata))
  return note && { note }
}
