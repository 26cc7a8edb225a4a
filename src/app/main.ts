import { readFileSync } from 'node:fs'
import { EmbeddedPostgresError } from '../adapters/embedded-postgres/failure.ts'
import { type RunningService, startService } from './compose.ts'
import { ConfigError, takeConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { UnusableDatabase } from './unusable-database.ts'
import { startWorkers, WorkerFailed, workerNumber } from './workers.ts'

const PACKAGE = new URL('../../../package.json', import.meta.url)
const PARENT_CHECK_MS = 250

/** An error that the person who starts the service can fix: one line is worth more than a stack. */
function forOperator(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof UnusableDatabase || error instanceof EmbeddedPostgresError)
    return error.message
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  if (!['listen', 'bind', 'getaddrinfo'].includes(String(error.syscall))) return undefined
  switch (error.code) {
    case 'EADDRINUSE':
      return `${error.message}: something else listens there; set PORT to another one`
    case 'EACCES':
      return `${error.message}: only root may listen there; set PORT to 1024 or more`
    case 'EADDRNOTAVAIL':
    case 'EAI_AGAIN':
    case 'EINVAL':
    case 'ENOTFOUND':
      return `${error.message}: HOST is not an address of this machine`
    default:
      return undefined
  }
}

function exitWith(error: unknown): never {
  // The worker has said it.
  if (error instanceof WorkerFailed) process.exit(1)
  process.stderr.write(`${forOperator(error) ?? (error instanceof Error ? error.stack : String(error))}\n`)
  process.exit(1)
}

/**
 * What npm or npx started ends with it. A signal to npx ends npx and its shell, and reaches no one behind that shell; no
 * signal at all comes from an npm that was killed. Either way we then have another parent. (A killed npx leaves its shell.)
 */
function endWithNpm(end: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) end()
  }, PARENT_CHECK_MS).unref()
}

async function main(): Promise<void> {
  const config = takeConfig(process.env)
  const worker = workerNumber()
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  const { logger, logRequest, flush } = await createLogger(config.logLevel, worker)
  // What no one expected ends the process: the state in memory is not to be trusted, and all else is in the database.
  process.on('uncaughtException', (error) => {
    logger.fatal(error, 'uncaught exception, shutting down')
    flush().finally(() => process.exit(1))
  })

  let service: RunningService | undefined
  let stopping = false

  async function stop(running: RunningService, signal: NodeJS.Signals): Promise<void> {
    logger.info(`${signal}: draining accepted requests, then stopping`)
    await running.stop()
    logger.info('stopped')
    await flush()
    process.exit(0)
  }

  function end(signal: NodeJS.Signals): void {
    if (stopping) return
    stopping = true
    // While starting, nothing was accepted yet, and what was started ends with us.
    if (service === undefined) process.exit(0)
    stop(service, signal).catch(exitWith)
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, end)
  endWithNpm(() => end('SIGTERM'))
  service =
    config.workers === 1 || worker !== undefined
      ? await startService(config, { logger, logRequest }, version)
      : await startWorkers(config, logger)
}

main().catch(exitWith)
