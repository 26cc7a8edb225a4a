import { Command } from '@commander-js/extra-typings'
import { addHistoryCommand } from './history-command.ts'
import { addServiceCommands } from './service-commands.ts'
import type { Surroundings } from './session.ts'
import { addWalletCommands } from './wallet-commands.ts'

const HELP = `
Amounts are base units, 1250000, or dollars with the unit behind, 1.25usd. A user ID that begins with - stands behind --.

Environment of the commands for wallets:
  WALLET_URL     where the service is, where --url does not say it
  WALLET_TOKEN   an access token, for a service that takes them; there is no option for it, since everyone on a
                 machine may see what programs were called with

Exit codes:
  0    done
  1    the answer was no, or the service can't be reached
  2    wrong usage
  3    no final answer in time: it may have been executed. The message has the command that finds out
  130  interrupted (143 by SIGTERM); where a movement was under way the message says what to do

Example, with "npx wallet start" in another terminal:
  npx wallet open ann
  npx wallet deposit ann 5usd
  npx wallet history ann`

/** Every command. A wrong command line is thrown, with nothing printed. */
export function createProgram(version: string, surroundings: Surroundings): Command {
  const program = new Command('wallet')
    .description('Runs the wallet service, and uses one that runs.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'say what there is, or what a command takes')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void surroundings.print(text).catch(() => {}),
      writeErr: (text) => surroundings.say(text.trimEnd()),
      outputError: () => {},
    })
  addServiceCommands(program)
  addWalletCommands(program, surroundings)
  addHistoryCommand(program, surroundings)
  return program
}
