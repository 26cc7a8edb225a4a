import { isatty } from 'node:tty'
import pino, { type Logger } from 'pino'
import type { LogLevel } from './config.ts'

export interface ServiceLogger {
  readonly logger: Logger
  /** Writes what is still in memory, in its order. */
  flush(): Promise<void>
}

const STDOUT = 1
/** A write for some two hundred requests, not for each twenty. */
const BUFFER_BYTES = 32 * 1024
const FLUSH_INTERVAL_MS = 100

/** Logs to standard output: for people on a terminal, else a JSON object a line, written some at a time. */
export async function createLogger(level: LogLevel): Promise<ServiceLogger> {
  if (isatty(STDOUT)) {
    const { default: pretty } = await import('pino-pretty')
    const logger = pino({ level, base: null }, pretty({ sync: true, translateTime: 'HH:MM:ss.l' }))
    return { logger, flush: async () => {} }
  }
  const destination = pino.destination({
    dest: STDOUT,
    sync: false,
    minLength: BUFFER_BYTES,
    maxWrite: 2 * BUFFER_BYTES,
  })
  setInterval(() => destination.flush(), FLUSH_INTERVAL_MS).unref()
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  return { logger, flush: () => new Promise((resolve) => destination.flush(() => resolve())) }
}
