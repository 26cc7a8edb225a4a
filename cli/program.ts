import { Command } from '@commander-js/extra-typings'
import { addBenchCommand } from './bench-command.ts'
import { addExportCommand } from './export-command.ts'
import { addHistoryCommand } from './history-command.ts'
import { addMovementCommands } from './movement-commands.ts'
import { addPayCommand } from './pay-command.ts'
import { addServiceCommands } from './service-commands.ts'
import type { Surroundings } from './session.ts'
import { addStatementCommand } from './statement-command.ts'
import { addStateCommand, addWalletCommands } from './wallet-commands.ts'
import { addWatchCommand } from './watch-command.ts'

const HELP = `
Amounts are base units, 1250000, or dollars with the suffix usd, 1.25usd. Put a user ID that begins with - after --.

Environment of the commands for wallets:
  WALLET_URL     the address of the service, unless --url is given
  WALLET_TOKEN   an access token, if the service requires one; there is no option for it, since command lines are visible
                 to other users of this machine

Exit codes:
  0    done
  1    refused or unreachable
  2    usage error
  3    outcome unknown; the message has the command that settles it
  130  interrupted (143 by SIGTERM); if a write was under way, the message says what to do

Example, with "npx wallet start" in another terminal:
  npx wallet open ann
  npx wallet deposit ann 5usd
  npx wallet history ann`

/** Every command. A wrong command line is thrown, with nothing printed. */
export function createProgram(version: string, surroundings: Surroundings): Command {
  const program = new Command('wallet')
    .description('Runs the wallet service, and works with one that is running.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void surroundings.print(text).catch(() => {}),
      writeErr: (text) => surroundings.say(text.trimEnd()),
      outputError: () => {},
    })
  addServiceCommands(program)
  addWalletCommands(program, surroundings)
  addMovementCommands(program, surroundings)
  addPayCommand(program, surroundings)
  addHistoryCommand(program, surroundings)
  addWatchCommand(program, surroundings)
  addExportCommand(program, surroundings)
  addStatementCommand(program, surroundings)
  addStateCommand(program, surroundings)
  addBenchCommand(program, surroundings)
  return program
}
