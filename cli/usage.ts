/** A command line, or a variable that goes with it, that says nothing that can be done. The message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @param held as it is shown, in quotes where it is text. */
export function wrongValue(what: string, held: string, takes: string): UsageError {
  return new UsageError(`${what} is ${held}; expected ${takes}`)
}
