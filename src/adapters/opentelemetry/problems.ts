import { DiagLogLevel, diag } from '@opentelemetry/api'
import { setGlobalErrorHandler } from '@opentelemetry/core'

const SAY_AGAIN_MS = 60_000

/** Hands on what is wrong with the settings or a collector, once a minute at most. */
export function reportProblems(onProblem: (message: string) => void): void {
  const say = sayNowAndThen(onProblem)
  const sayAll = (...parts: unknown[]) => say(parts.filter((part) => typeof part === 'string').join(': '))
  const ignore = () => {}
  diag.setLogger(
    { error: sayAll, warn: sayAll, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  setGlobalErrorHandler((error) => say(typeof error === 'string' ? error : (error.message ?? error.name ?? 'unknown')))
}

/** A collector that is down fails every few seconds: that is worth a line, not a line each time. */
function sayNowAndThen(onProblem: (message: string) => void): (message: string) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  return (message) => {
    if (performance.now() - saidAt < SAY_AGAIN_MS) return
    saidAt = performance.now()
    onProblem(message)
  }
}
