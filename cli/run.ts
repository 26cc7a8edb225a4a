import { CommanderError } from '@commander-js/extra-typings'
import { calledAs } from './command-line.ts'
import { EXIT, Failure } from './errors.ts'
import { stripControlCharacters, UnwritableOutput } from './output.ts'
import { createProgram } from './program.ts'
import type { Surroundings } from './session.ts'

/** Runs a command line to its end; returns its exit code. */
export async function runCommandLine(
  parameters: readonly string[],
  version: string,
  surroundings: Surroundings,
): Promise<number> {
  const program = createProgram(version, surroundings)
  try {
    refuseTokens(parameters)
    await program.parseAsync(parameters, { from: 'user' })
    return EXIT.done
  } catch (error) {
    const names = program.commands.map((command) => command.name())
    const { exitCode, message } = endingOf(error, names.find((name) => name === parameters[0]) ?? '')
    if (message !== undefined) surroundings.say(`wallet: ${message}`)
    return exitCode
  }
}

/** What stands in a command line stands in lists of processes, and in the shell's history; here at least it is not repeated. */
function refuseTokens(parameters: readonly string[]): void {
  const end = parameters.indexOf('--')
  const options = end === -1 ? parameters : parameters.slice(0, end)
  if (options.some((each) => /^--?token\b/.test(each)))
    throw new Failure(
      EXIT.usage,
      'pass the token in WALLET_TOKEN; command lines are visible to other users of this machine',
    )
}

interface Ending {
  readonly exitCode: number
  /** Nothing if everything was said already. */
  readonly message?: string
}

/** One line for what the person can fix, a stack for what is a bug. */
function endingOf(error: unknown, command: string): Ending {
  if (error instanceof CommanderError) return endingOfParsing(error, command)
  if (error instanceof UnwritableOutput && error.closed) return { exitCode: EXIT.done }
  if (error instanceof UnwritableOutput) return { exitCode: EXIT.no, message: error.message }
  if (error instanceof Failure) return { exitCode: error.exitCode, message: error.message }
  return { exitCode: EXIT.no, message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

function endingOfParsing({ exitCode, code, message }: CommanderError, command: string): Ending {
  if (exitCode === EXIT.done) return { exitCode }
  // No command was given, and what there is was printed.
  if (code === 'commander.help') return { exitCode: EXIT.usage }
  const wrong = stripControlCharacters(message.replace(/^error: /, '').replaceAll('\n', ' ')).replace(/\.$/, '')
  return { exitCode: EXIT.usage, message: `${wrong}; see ${[calledAs(), command, '--help'].filter(Boolean).join(' ')}` }
}
