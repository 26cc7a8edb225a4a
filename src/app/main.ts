import { readFileSync } from 'node:fs'
import { FolderInUse } from '../adapters/embedded-postgres/owner.ts'
import { startService } from './compose.ts'
import { ConfigError, readConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { UnusableDatabase } from './prepare-database.ts'

const PACKAGE = new URL('../../../package.json', import.meta.url)

/** An error that the person who starts the service can mend: one line is worth more than a stack. */
function forOperator(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof UnusableDatabase || error instanceof FolderInUse)
    return error.message
  if (!(error instanceof Error) || !('code' in error)) return undefined
  switch (error.code) {
    case 'EADDRINUSE':
      return `${error.message}: something else listens there; set PORT to another one`
    case 'EACCES':
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return error.message
    default:
      return undefined
  }
}

function exitWith(error: unknown): never {
  process.stderr.write(`${forOperator(error) ?? (error instanceof Error ? error.stack : String(error))}\n`)
  process.exit(1)
}

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  const { logger, flush } = await createLogger(config.logLevel)
  // What nobody expected ends the process: the state in memory is not to be trusted, and all else is in the database.
  process.on('uncaughtException', (error) => {
    logger.fatal(error, 'an error that nobody caught: the service ends')
    flush().finally(() => process.exit(1))
  })

  const service = await startService(config, logger, version)

  async function stop(signal: NodeJS.Signals): Promise<void> {
    logger.info(`${signal}: answering what was accepted, then stopping`)
    await service.stop()
    logger.info('stopped')
    await flush()
    process.exit(0)
  }

  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!stopping) stop(signal).catch(exitWith)
      stopping = true
    })
  }
}

main().catch(exitWith)
