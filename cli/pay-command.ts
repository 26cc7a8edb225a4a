import { readFileSync, statSync } from 'node:fs'
import { Argument, type Command, Option } from '@commander-js/extra-typings'
import { WalletProblem, WalletUnsettled } from '../client/client.ts'
import { parseUserID, USER_ID_WORDS } from '../src/domain/user-id.ts'
import { commandLine } from './command-line.ts'
import { EXIT, Failure, Interrupted } from './errors.ts'
import { explain } from './explain.ts'
import { stripControlCharacters } from './output.ts'
import { deadlineOption, reader, urlOption } from './parameters.ts'
import { createPayReport } from './pay-report.ts'
import { idsPathOf, keepPlan, type Planned, readPlan } from './payment-ids.ts'
import { type Payment, parsePayments, wrongFile } from './payments.ts'
import { createProgress } from './progress.ts'
import { openSession, type Session, type Surroundings } from './session.ts'

/** How many are issued in a request, and how many are paid in one: progress, and what is not known after a failure, go by these. */
const IDS_AT_ONCE = 1000
const PAID_AT_ONCE = 100
const MAX_FILE_BYTES = 64 * 1024 * 1024

export function addPayCommand(program: Command, surroundings: Surroundings): void {
  program
    .command('pay')
    .description('pay each line of a CSV file, user,amount,reference, once, however often it is run')
    .addArgument(new Argument('<file>', 'the payments; the reference may be left out, and so may a header'))
    .addOption(
      new Option('--from <user>', 'who pays')
        .argParser(reader('--from', USER_ID_WORDS, parseUserID))
        .makeOptionMandatory(),
    )
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addHelpText('after', HELP)
    .action(async (file, { from, ...options }) => {
      const session = openSession(options, surroundings)
      const payments = parsePayments(file, readPayments(file), from)
      const again = commandLine(
        'pay',
        ['--from', from, ...(session.urlIsDefault ? [] : ['--url', session.url])],
        [file],
      )
      await pay({ file, from, payments, again }, session, surroundings)
    })
}

const HELP = `
It may be killed at any time, and run again: the transaction IDs of the lines are in FILE.ids before the first of them is sent,
and a file whose payments have begun must not be changed. --deadline is each request's; a request pays ${PAID_AT_ONCE} lines.

A line that is refused stays so for this file. Once the cause is fixed, pay it from a new file. The IDs of lines that were
never sent expire, after 24 hours unless the service is told otherwise; such lines are refused, too (TRANSACTION_ID_EXPIRED).
If the ledger was restored since, lines that it has not got are TRANSACTION_ID_RETIRED: they may have been paid before.

Example:
  npx wallet pay salaries.csv --from company`

/** What was asked for, and the command to ask for it again. */
interface Order {
  readonly file: string
  readonly from: string
  readonly payments: readonly Payment[]
  readonly again: string
}

async function pay(order: Order, session: Session, { print }: Surroundings): Promise<void> {
  const { from, again } = order
  const { planned, resumed } = await plan(order, session)
  const report = createPayReport(from, planned.length)
  const progress = createProgress(process.stderr)
  let stopped: unknown
  for (let start = 0; start < planned.length && stopped === undefined; start += PAID_AT_ONCE) {
    const part = planned.slice(start, start + PAID_AT_ONCE)
    try {
      const results = await session.client.submit(
        part.map((each) => toTransfer(from, each)),
        { signal: session.signal },
      )
      for (const [index, result] of results.entries()) report.add(part[index] ?? fail(), result)
      progress.show(Math.min(1, (start + PAID_AT_ONCE) / planned.length))
    } catch (error) {
      stopped = error
    }
  }
  progress.end()
  await print(report.text(resumed))
  if (stopped !== undefined) throw explainStop(stopped, session, { again, resumed })
  const unknown = report.count('unknown')
  const foreign = report.count('foreign')
  const retired = report.count('retired')
  const says = [
    counted(report.count('final'), 'refused for good', 'Once the cause is fixed, pay from a new file.'),
    counted(report.count('open'), 'refused', `Once the cause is fixed, run this again:\n  ${again}`),
    counted(unknown, 'left unknown', `To find out, run this again; each line is paid once:\n  ${again}`),
    // To pay these from a new file could pay them twice.
    counted(
      retired,
      'refused, and may have been paid before the ledger was restored',
      'Look into your own records, and with those who were to be paid. Pay what was not paid from a new file.',
    ),
    counted(
      foreign,
      'refused, and may have been paid elsewhere',
      stripControlCharacters(`Is ${session.url} the service that issued the IDs in ${idsPathOf(order.file)}?`),
    ),
  ].filter((each) => each !== '')
  if (says.length > 0) throw new Failure(unknown + foreign + retired > 0 ? EXIT.unsettled : EXIT.no, says.join('\n'))
}

function counted(lines: number, how: string, whatToDo: string): string {
  return lines === 0 ? '' : `${lines} ${lines === 1 ? 'line was' : 'lines were'} ${how}. ${whatToDo}`
}

/** The IDs of an earlier run, or new ones, which are kept before anything is done with them. */
async function plan({ file, from, payments }: Order, { client, signal, ...session }: Session) {
  const before = readPlan(file, from, payments)
  if (before !== undefined) return { planned: before, resumed: true }
  const planned: Planned[] = []
  while (planned.length < payments.length) {
    const part = payments.slice(planned.length, planned.length + IDS_AT_ONCE)
    const { transactionIDs } = await client.issueMany(from, part.length, { signal }).catch((error: unknown) => {
      const explained = explain(error, { client, signal, ...session })
      throw explained instanceof Failure
        ? new Failure(explained.exitCode, `${explained.message} Nothing was paid.`)
        : explained
    })
    for (const [index, payment] of part.entries())
      planned.push({ ...payment, transactionID: transactionIDs[index] ?? fail() })
  }
  keepPlan(file, from, planned)
  return { planned: readPlan(file, from, payments) ?? fail(`${idsPathOf(file)} was taken away`), resumed: false }
}

/** Why not all of the lines were tried, and that the next run tries them. */
function explainStop(
  error: unknown,
  session: Session,
  { again, resumed }: { readonly again: string; readonly resumed: boolean },
): unknown {
  const explained = explain(error, session)
  if (!(explained instanceof Failure)) return explained
  const settled = error instanceof WalletProblem || error instanceof WalletUnsettled
  // What is known of this run says nothing of the one before.
  const unknown = resumed || (settled && error.outcome === 'unknown')
  const interrupted = error instanceof WalletUnsettled && error.cause instanceof Interrupted
  const exitCode = unknown && !interrupted ? EXIT.unsettled : explained.exitCode
  return new Failure(exitCode, `${explained.message} To go on, run this again; each line is paid once:\n  ${again}`)
}

function toTransfer(from: string, { user, units, reference, transactionID }: Planned) {
  const transfer = { kind: 'transfer', from, to: user, amount: units, transactionID } as const
  return reference === undefined ? transfer : { ...transfer, reference }
}

function readPayments(file: string): string {
  try {
    const { size } = statSync(file)
    if (size > MAX_FILE_BYTES) throw wrongFile(`nothing was paid: a file may have ${MAX_FILE_BYTES} bytes; split it`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error
    throw wrongFile(stripControlCharacters(`nothing was paid: ${error.message}`))
  }
}

function fail(message = 'an answer is too short'): never {
  throw new Error(message)
}
