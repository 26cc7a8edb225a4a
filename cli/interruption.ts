import { AFTER_SIGNAL, Interrupted } from './errors.ts'

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
