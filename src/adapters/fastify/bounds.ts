/** What a client may take up of the server. */
export const HTTP_BOUNDS = {
  /** Past it a connection is closed as it comes: files must be left for the database's. More than twice as many as may follow wallets. */
  connections: 10_000,
  bodyBytes: 16 * 1024,
  /** Of a list of movements. */
  listBytes: 512 * 1024,
  /** The names and values of a request's headers, and its path. */
  headBytes: 16 * 1024,
  /** As much as Node takes of a request's head: a parameter that is too long is the schema's to turn down. */
  pathParameterCharacters: 16 * 1024,
} as const
