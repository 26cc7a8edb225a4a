declare const userID: unique symbol

/** Who owns a wallet: see {@link USER_ID_WORDS}. Compared code point by code point. */
export type UserID = string & { readonly [userID]: true }

/**
 * What a user ID is. `.` and `..` are none: browsers and most HTTP clients take them out of a path, even percent-encoded, so
 * that no one could read the wallet.
 */
export const USER_ID_WORDS =
  '1 to 128 characters, no control characters, no white space at either end, and neither . nor ..'

/**
 * Half a surrogate pair is no character: PostgreSQL cannot keep it, and two of them would read back as one user. The same
 * with and without the `u` flag, since not everyone who reads it in the API description sets that: a character is one
 * that is no surrogate, or a pair of them.
 */
export const USER_ID_PATTERN =
  '^(?!\\s)(?!\\.{1,2}$)(?:[^\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff]){1,128}(?<!\\s)$'

/** In UTF-8, which has at most four bytes a character. */
export const MAX_USER_ID_BYTES = 4 * 128

const pattern = new RegExp(USER_ID_PATTERN, 'u')

/** Narrows text to a {@link UserID}, or says `undefined`. */
export function parseUserID(text: string): UserID | undefined {
  return pattern.test(text) ? (text as UserID) : undefined
}

/** Narrows text that was validated before, in a request or by a constraint; anything else is the caller's bug. */
export function toUserID(text: string): UserID {
  const id = parseUserID(text)
  if (id === undefined) throw new RangeError('not a user ID')
  return id
}
