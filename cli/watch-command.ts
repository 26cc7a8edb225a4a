import { type Command, Option } from '@commander-js/extra-typings'
import { WalletUnsettled } from '../client/client.ts'
import { Interrupted } from './errors.ts'
import { explain } from './explain.ts'
import { WRITERS } from './history-formats.ts'
import { parseCount, reader, urlOption, userArgument } from './parameters.ts'
import { openSession, type Surroundings } from './session.ts'
import { asJSON } from './wire.ts'

/** Of nothing that this command asks. */
const NO_DEADLINE_MS = 60_000

const readID = reader('--after', 'the id of a transaction, or 0 for all', parseCount)

export function addWatchCommand(program: Command, surroundings: Surroundings): void {
  const { print, say } = surroundings
  program
    .command('watch')
    .description("show a wallet's transactions as they come, until you press Ctrl-C")
    .addArgument(userArgument('user', 'whose wallet'))
    .addOption(new Option('--after <id>', 'begin with what came behind this one; 0 for all').argParser(readID))
    .addOption(new Option('--json', 'print what the service sends, one JSON object a line'))
    .addOption(urlOption)
    .addHelpText('after', HELP)
    .action(async (user, { after, json = false, url }) => {
      const session = openSession({ url, deadline: NO_DEADLINE_MS }, surroundings)
      const { client, signal } = session
      const table = WRITERS.table()
      if (!json) say(`Watching ${user}; Ctrl-C ends it.`)
      try {
        for await (const transaction of client.watch(user, { signal, ...(after !== undefined && { after }) }))
          await print(json ? `${asJSON(transaction)}\n` : table.page([transaction], false))
      } catch (error) {
        throw explain(error, session)
      }
      throw explain(whyItEnded(signal.reason), session)
    })
}

const HELP = `
A lost connection is made again, and nothing is left out or shown twice.

Examples:
  npx wallet watch ann
  npx wallet watch ann --after 41 --json >> ann.ndjson`

function whyItEnded(reason: unknown): unknown {
  if (reason instanceof Interrupted) return reason
  return new WalletUnsettled('aborted', 'not-executed', { transactionID: undefined, cause: reason })
}
