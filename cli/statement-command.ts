import type { Command } from '@commander-js/extra-typings'
import type { Period, Statement } from '../client/client.ts'
import { EXIT, Failure } from './errors.ts'
import { explain } from './explain.ts'
import { stripControlCharacters } from './output.ts'
import { deadlineOption, formatOption, jsonOption, timeOption, urlOption, userArgument } from './parameters.ts'
import { periodArgument } from './periods.ts'
import { openSession, type Surroundings } from './session.ts'
import { STATEMENT_WRITERS } from './statement-formats.ts'

export function addStatementCommand(program: Command, surroundings: Surroundings): void {
  const { print, say } = surroundings
  program
    .command('statement')
    .description('show the balances before and after a period, and what came in between')
    .addArgument(userArgument('user', 'whose wallet'))
    .addArgument(periodArgument)
    .addOption(timeOption('from', 'in place of PERIOD: the first moment (RFC 3339)'))
    .addOption(timeOption('to', 'with --from: the first moment after it (RFC 3339)'))
    .addOption(formatOption())
    .addOption(jsonOption)
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addHelpText('after', HELP)
    .action(async (user, period, options) => {
      const asked = toPeriod(period, options)
      const session = openSession(options, surroundings)
      const { client, signal } = session
      const statement = await client.statement(user, asked, { signal }).catch((error: unknown) => {
        throw explain(error, session)
      })
      const format = options.json ? 'json' : options.format
      if (format === 'table') await print(`${titleOf(statement)}\n`)
      await print(STATEMENT_WRITERS[format](statement))
      if (format !== 'table') return
      if (statement.totals === null) say('There are too many transactions to add them up by type.')
      if (Date.parse(statement.to) > Date.now()) say('The period is not over: this is how it stands so far.')
    })
}

const HELP = `
A period begins and ends at midnight UTC. It has what is not before its first moment and before the first moment of the next
one, so that the closing of one is the opening of the next. Its transactions:
  npx wallet history ann --from 2026-10-01T00:00:00Z --before 2026-11-01T00:00:00Z
In a table amounts are dollars; in json and csv they are base units, 1000000 to a dollar.

Examples:
  npx wallet statement ann 2026-10
  npx wallet statement ann 2026 --format csv > ann-2026.csv
  npx wallet statement ann --from 2026-10-01T00:00:00+02:00 --to 2026-11-01T00:00:00+01:00`

function toPeriod(
  period: Period | undefined,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Period {
  if (period !== undefined && from === undefined && to === undefined) return period
  if (period === undefined && from !== undefined && to !== undefined) return { from, to }
  throw new Failure(EXIT.usage, 'give either PERIOD, such as 2026-10, or both --from and --to')
}

function titleOf({ userID, from, to }: Statement): string {
  return `${stripControlCharacters(userID)}, from ${from} until before ${to} (UTC)`
}
