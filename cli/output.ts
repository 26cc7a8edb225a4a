/** What steers a terminal, or has its text read in another order than it was written in. */
const STEERING = /[\p{Cc}\u2028\u2029\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu

/** Text of others as a terminal may show it. */
export function stripControlCharacters(text: string): string {
  return text.replaceAll(STEERING, '�')
}

/** Where a command writes. */
export interface Output {
  /** Resolves when it is written: who waits for it never holds more than one piece. @throws {UnwritableOutput} */
  print(text: string): Promise<void>
  /** Says something to the person, beside the output. */
  say(line: string): void
}

/** What was done can't be told. */
export class UnwritableOutput extends Error {
  override readonly name = 'UnwritableOutput'
  /** Anyone who read it has read enough, as `head` does. */
  readonly closed: boolean

  constructor(cause: NodeJS.ErrnoException) {
    super(`it was done, but the output could not be written: ${cause.message}`, { cause })
    this.closed = cause.code === 'EPIPE'
  }
}

let guarded = false

/** Without a listener an error of an output ends the process with a stack. */
function guardOutputs(): void {
  if (guarded) return
  guarded = true
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
}

/** See {@link Output}. */
export function print(text: string): Promise<void> {
  guardOutputs()
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(new UnwritableOutput(error)) : resolve()))
  })
}

/** See {@link Output}. */
export function say(line: string): void {
  guardOutputs()
  process.stderr.write(`${line}\n`)
}
