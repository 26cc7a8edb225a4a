import { readFileSync } from 'node:fs'
import { CommanderError } from '@commander-js/extra-typings'
import { calledAs } from './command-line.ts'
import { EXIT, Failure } from './exit-codes.ts'
import { plain, say, UnwritableOutput } from './output.ts'
import { createProgram } from './program.ts'
import { UsageError } from './usage.ts'

/** This file runs from `dist/cli`. */
const PACKAGE = new URL('../../package.json', import.meta.url)

async function main(parameters: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
  const program = createProgram(version)
  try {
    refuseTokens(parameters)
    await program.parseAsync(parameters, { from: 'user' })
  } catch (error) {
    const names = program.commands.map((command) => command.name())
    end(error, names.find((name) => name === parameters[0]) ?? '')
  }
}

/** What stands in a command line stands in lists of processes, and in the shell's history; here at least it is not repeated. */
function refuseTokens(parameters: readonly string[]): void {
  const end = parameters.indexOf('--')
  const options = end === -1 ? parameters : parameters.slice(0, end)
  if (options.some((each) => /^--?token\b/.test(each)))
    throw new UsageError(
      'a token goes into the variable WALLET_TOKEN: everybody may see what a program was called with',
    )
}

/** One line for what the person can mend, a stack for what is a bug. */
function end(error: unknown, command: string): void {
  if (error instanceof UnwritableOutput && error.closed) return
  if (error instanceof CommanderError) {
    endParsing(error, command)
  } else if (error instanceof Failure) {
    endWith(error.exitCode, error.message)
  } else if (error instanceof UsageError) {
    endWith(EXIT.usage, plain(error.message))
  } else if (error instanceof UnwritableOutput) {
    endWith(EXIT.no, error.message)
  } else {
    endWith(EXIT.no, error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
}

function endParsing({ exitCode, code, message }: CommanderError, command: string): void {
  if (exitCode === EXIT.done) return
  process.exitCode = EXIT.usage
  // No command was given, and what there is was printed.
  if (code === 'commander.help') return
  const wrong = plain(message.replace(/^error: /, '').replaceAll('\n', ' ')).replace(/\.$/, '')
  endWith(EXIT.usage, `${wrong}; see ${[calledAs(), command, '--help'].filter(Boolean).join(' ')}`)
}

function endWith(exitCode: number, message: string): void {
  process.exitCode = exitCode
  say(`wallet: ${message}`)
}

await main(process.argv.slice(2))
