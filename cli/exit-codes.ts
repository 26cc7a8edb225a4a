/** How a command ends; `audit` has codes of its own, which its help tells. */
export const EXIT = { done: 0, no: 1, usage: 2, unsettled: 3 } as const

/** What a shell makes of a process that a signal ended. */
const AFTER_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
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

/** The first signal ends what is under way by the returned one; a second finds Node.js's own behaviour. */
export function interruption(): AbortController {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => ending.abort(new Interrupted(signal)))
  return ending
}
