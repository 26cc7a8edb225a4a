import { type Command, Option } from '@commander-js/extra-typings'
import type { HistoryFilters, HistoryPage } from '../client/client.ts'
import { explain } from './explain.ts'
import { WRITERS } from './history-formats.ts'
import {
  deadlineOption,
  formatOption,
  jsonOption,
  oneOf,
  reader,
  referenceOption,
  timeOption,
  urlOption,
  userArgument,
} from './parameters.ts'
import { openSession, type Session, type Surroundings } from './session.ts'
import { TYPE_NAMES, TYPES, type TypeName } from './wire.ts'

/** As many as the service gives at once. */
const PAGE_ROWS = 1000
const DEFAULT_ROWS = 100

const readType = oneOf('--type', TYPE_NAMES)
const readLimit = reader('--limit', 'a whole number, 1 to 999999999', (text) =>
  /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined,
)

export function addHistoryCommand(program: Command, surroundings: Surroundings): void {
  const { print, say } = surroundings
  program
    .command('history')
    .description("show a wallet's transactions, newest first")
    .addArgument(userArgument('user', 'whose wallet'))
    .addOption(formatOption())
    .addOption(jsonOption)
    .addOption(new Option('--limit <count>', 'how many at most').argParser(readLimit).default(DEFAULT_ROWS))
    .addOption(new Option('--all', 'however many there are').conflicts('limit'))
    .addOption(
      new Option('--type <type>', `only this type; repeatable: ${TYPE_NAMES.join(', ')}`).argParser(
        (text, before: readonly TypeName[] | undefined) => [...(before ?? []), readType(text)],
      ),
    )
    .addOption(referenceOption('only what has exactly this reference'))
    .addOption(timeOption('after', 'only strictly later ones (RFC 3339)'))
    .addOption(timeOption('from', 'only those that are not earlier (RFC 3339)'))
    .addOption(timeOption('before', 'only strictly earlier ones (RFC 3339)'))
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addHelpText('after', HELP)
    .action(async (user, options) => {
      const session = openSession(options, surroundings)
      const { type, reference, after, from, before, limit, all = false, json = false } = options
      const filters: HistoryFilters = {
        ...(type && { type: type.map((name) => TYPES[name]) }),
        ...(reference && { reference }),
        ...(after && { createdAfter: after }),
        ...(from && { createdFrom: from }),
        ...(before && { createdBefore: before }),
      }
      const format = json ? 'json' : options.format
      const writer = WRITERS[format]()
      let shown = 0
      let more = false
      for await (const { transactions, nextIDBefore, last } of pages(session, user, filters, all ? Infinity : limit)) {
        await print(writer.page(transactions, last))
        shown += transactions.length
        more = last && nextIDBefore !== null
      }
      if (format !== 'table') return
      if (shown === 0) say('There are no transactions.')
      if (more) say('There are more: --limit or --all shows them.')
    })
}

const HELP = `
In a table amounts are dollars; in json and csv they are base units, 1000000 to a dollar. --deadline is each page's.

Examples:
  npx wallet history ann
  npx wallet history ann --type deposit --type transfer-in --limit 20
  npx wallet history ann --all --format csv --after 2026-01-01T00:00:00Z > ann.csv`

/** A page at a time, so that a long history is never in memory as a whole. */
async function* pages(session: Session, user: string, filters: HistoryFilters, rows: number) {
  const { client, signal } = session
  let left = rows
  let next: number | null = null
  for (;;) {
    const asked: HistoryFilters = {
      ...filters,
      limit: Math.min(left, PAGE_ROWS),
      ...(next !== null && { IDBefore: next }),
    }
    const page: HistoryPage = await client.page(user, asked, { signal }).catch((error: unknown) => {
      throw explain(error, session)
    })
    left -= page.transactions.length
    next = page.nextIDBefore
    const last = next === null || left <= 0
    yield { ...page, last }
    if (last) return
  }
}
