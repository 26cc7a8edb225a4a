/** What a client may take up of the server. */
export const HTTP_BOUNDS = {
  bodyBytes: 16 * 1024,
  /** Of a list of movements. */
  listBytes: 512 * 1024,
  /** The names and values of a request's headers, and its path. */
  headBytes: 16 * 1024,
  /** As much as Node takes of a request's head: a parameter that is too long is the schema's to turn down. */
  pathParameterCharacters: 16 * 1024,
} as const
