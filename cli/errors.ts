import { asUnusable } from '../src/app/unusable-database.ts'
import { stripControlCharacters } from './output.ts'

/** How a command ends; `audit` has codes of its own, which its help tells. */
export const EXIT = { done: 0, no: 1, usage: 2, unsettled: 3 } as const

/** What a shell makes of a process that a signal ended. */
export const AFTER_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
export type Signal = keyof typeof AFTER_SIGNAL

/** Someone ended the command. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly exitCode: number

  constructor(signal: Signal) {
    super('interrupted')
    this.exitCode = AFTER_SIGNAL[signal]
  }
}

/** Why a command was not done, for the person who gave it, and the code that it ends with. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** A command line, or a variable that goes with it, that says nothing that can be done; `held` is in quotes if it is text. */
export function wrongValue(what: string, held: string, expected: string): Failure {
  return new Failure(EXIT.usage, stripControlCharacters(`${what} is ${held}; expected ${expected}`))
}

/** Nothing answers at the address of the service, and nothing did before: waiting is no use. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

const INSUFFICIENT_PRIVILEGE = '42501'

/** What went wrong at the database, in one line, with what to do about it if that is known. */
export function describeFailure(error: unknown, whereARightIsMissing: string): string {
  if (!(error instanceof Error)) return String(error)
  const mayNot = 'code' in error && error.code === INSUFFICIENT_PRIVILEGE
  return mayNot ? `${error.message}; ${whereARightIsMissing}` : (asUnusable(error) ?? error).message
}
