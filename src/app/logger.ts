import { isatty } from 'node:tty'
import fastJSON from 'fast-json-stringify'
import pino, { type Logger } from 'pino'
import type { RequestEntry, RequestLog } from '../ports/telemetry.ts'
import type { LogLevel } from './config.ts'

export interface ServiceLogger {
  readonly logger: Logger
  readonly logRequest: RequestLog
  /** Writes what is still in memory, in its order. */
  flush(): Promise<void>
}

const STDOUT = 1
const INFO = pino.levels.values.info
/** A write for some two hundred requests, not for each twenty. */
const BUFFER_BYTES = 32 * 1024
const FLUSH_INTERVAL_MS = 100

/** Logs to standard output: for people on a terminal, else a JSON object a line, written some at a time. */
export async function createLogger(level: LogLevel): Promise<ServiceLogger> {
  if (isatty(STDOUT)) {
    const { default: pretty } = await import('pino-pretty')
    const logger = pino({ level, base: null }, pretty({ sync: true, translateTime: 'HH:MM:ss.l' }))
    return { logger, logRequest: (entry) => logger.info(entry, 'request'), flush: async () => {} }
  }
  const destination = pino.destination({
    dest: STDOUT,
    sync: false,
    minLength: BUFFER_BYTES,
    maxWrite: 2 * BUFFER_BYTES,
  })
  setInterval(() => destination.flush(), FLUSH_INTERVAL_MS).unref()
  const logger = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  return {
    logger,
    logRequest(entry) {
      if (logger.isLevelEnabled('info')) destination.write(requestLine(entry, new Date()))
    },
    flush: () => new Promise((resolve) => destination.flush(() => resolve())),
  }
}

const stringify = fastJSON({
  type: 'object',
  properties: {
    level: { type: 'integer' },
    time: { type: 'string' },
    requestID: { type: 'string' },
    method: { type: 'string' },
    route: { type: 'string' },
    status: { type: 'integer' },
    ms: { type: 'number' },
    transactionID: { type: 'string' },
    outcome: { type: 'string' },
    replayed: { type: 'boolean' },
    items: {
      type: 'array',
      items: {
        type: 'object',
        properties: { outcome: { type: 'string' }, replayed: { type: 'boolean' }, count: { type: 'integer' } },
      },
    },
    msg: { type: 'string' },
  },
})

/**
 * The line that pino would write of a request, which took pino a sixth of the request's time. Field by field: to spread the
 * entry takes 5 µs, this one.
 */
export function requestLine(entry: RequestEntry, at: Date): string {
  const { requestID, method, route, status, ms, transactionID, outcome, replayed, items } = entry
  const time = at.toISOString()
  return `${stringify({
    level: INFO,
    time,
    requestID,
    method,
    route,
    status,
    ms,
    transactionID,
    outcome,
    replayed,
    items,
    msg: 'request',
  })}\n`
}
