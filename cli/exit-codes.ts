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

/** npm hands on what the terminal has sent us already: that soon, a signal is the same one. */
const SAME_SIGNAL_MS = 1000

/** The first signal ends what is under way by the returned one, which takes no time; a later one ends the process. */
export function interruption(): AbortController {
  const ending = new AbortController()
  let firstAt: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      firstAt ??= performance.now()
      if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(AFTER_SIGNAL[signal])
      ending.abort(new Interrupted(signal))
    })
  return ending
}
