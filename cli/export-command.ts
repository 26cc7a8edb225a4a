import { type Command, Option } from '@commander-js/extra-typings'
import type { FeedPage } from '../client/client.ts'
import { explain } from './explain.ts'
import { WRITERS } from './history-formats.ts'
import { deadlineOption, oneOf, reader, urlOption } from './parameters.ts'
import { createCounter } from './progress.ts'
import { openSession, type Session, type Surroundings } from './session.ts'
import { asJSON } from './wire.ts'

const FORMATS = ['ndjson', 'csv'] as const
/** As many as the service gives at once. */
const PAGE_ROWS = 1000

const readCursor = reader(
  '--after',
  'the cursor that an export ended with, or the next of a page of the feed',
  (text) => (/^[\w-]{1,1000}$/.test(text) ? text : undefined),
)

export function addExportCommand(program: Command, surroundings: Surroundings): void {
  const { print, say } = surroundings
  program
    .command('export')
    .description('write the transactions of all wallets, oldest first, and the cursor at which the feed goes on')
    .addOption(
      new Option('--format <format>', FORMATS.join(', '))
        .argParser(oneOf('--format', FORMATS))
        .default('ndjson' as const),
    )
    .addOption(new Option('--after <cursor>', 'only what came behind it').argParser(readCursor))
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addHelpText('after', HELP)
    .action(async ({ format, after, ...options }) => {
      const session = openSession(options, surroundings)
      const csv = WRITERS.csv()
      const counter = createCounter(process.stderr, 'transactions')
      let count = 0
      for await (const { transactions, next, last } of pages(session, after)) {
        const text =
          format === 'csv' ? csv.page(transactions, last) : transactions.map((each) => `${asJSON(each)}\n`).join('')
        await print(text)
        count += transactions.length
        if (!last) counter.show(count)
        else {
          counter.end()
          say(`${count} ${count === 1 ? 'transaction' : 'transactions'}. The feed goes on with\n${next}`)
        }
      }
    })
}

const HELP = `
Amounts are base units, 1000000 to a dollar. The last line beside the output is the cursor: the next export, or a reader of the
feed, goes on there, without a gap and with nothing twice. With tokens, WALLET_TOKEN must be an administrator's. --deadline is each
page's.

Examples:
  npx wallet export > ledger.ndjson
  npx wallet export --format csv > ledger.csv 2> ended
  npx wallet export --format csv --after "$(tail -n 1 ended)" > news.csv`

/** Up to where the feed ends now. The next page is asked for while one is written; more than two are never in memory. */
async function* pages(session: Session, from: string | undefined) {
  const { client, signal } = session
  const ask = (after: string | undefined) => {
    const page = client.feedPage({ limit: PAGE_ROWS, ...(after !== undefined && { after }) }, { signal })
    // Whoever awaits it is told; no one does if the output ends before.
    page.catch(() => {})
    return page
  }
  let asked = ask(from)
  for (;;) {
    const page: FeedPage = await asked.catch((error: unknown) => {
      throw explain(error, session)
    })
    const last = page.transactions.length < PAGE_ROWS
    if (!last) asked = ask(page.next)
    yield { ...page, last }
    if (last) return
  }
}
