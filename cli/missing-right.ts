const INSUFFICIENT_PRIVILEGE = '42501'

/** What went wrong at the database, in one line; where the role lacks a right, with what to do about it. */
export function describeFailure(error: unknown, whereARightIsMissing: string): string {
  if (!(error instanceof Error)) return String(error)
  const mayNot = 'code' in error && error.code === INSUFFICIENT_PRIVILEGE
  return mayNot ? `${error.message}; ${whereARightIsMissing}` : error.message
}
