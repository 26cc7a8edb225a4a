import type { Instant } from '../../domain/instant.ts'
import { toBalance } from '../../domain/money.ts'
import {
  endOf,
  type Moment,
  type PastWallet,
  type Period,
  type Statement,
  type Total,
  toStatement,
} from '../../domain/past.ts'
import { type TransactionType, toTransactionType } from '../../domain/transaction.ts'
import { TIMEOUTS_MS } from '../../timeouts.ts'
import { type Connection, ConnectionError } from './connection.ts'
import { dialectOf } from './dialect.ts'
import * as pastStatements from './past-statements.ts'
import { readInstant, type StatementRow, toWallet } from './rows.ts'
import * as statements from './statements.ts'

/*
 * What was before a moment stays as it is read here. A batch takes the database's time under the locks of its wallets, and
 * can be seen once it is committed, a little later. So a read that came in between would miss transactions of before its
 * moment. If the moment is only just over, the read waits for the wallet's lock: whoever has it next takes a later time. Then it
 * reads in a statement of its own, which sees what was committed meanwhile.
 */

const SETTLED_MICROS = BigInt(TIMEOUTS_MS.settled) * 1000n

export async function readWalletAt(connection: Connection, moment: Moment): Promise<PastWallet> {
  const end = endOf(moment)
  const now = await readNow(connection)
  if (end > now) return { kind: 'future', now }
  if (isJustOver(end, now)) await dialectOf(connection).waitForWriters(connection, moment.userID)
  const [[row]] = await connection.roundTrip((sql) => [pastStatements.readWalletBefore(sql, moment.userID, end)])
  return row === undefined ? { kind: 'absent' } : { kind: 'found', wallet: toWallet(row) }
}

/** `undefined` if there is no wallet. */
export async function readStatement(connection: Connection, period: Period): Promise<Statement | undefined> {
  const now = await readNow(connection)
  if (isJustOver(period.from, now) || isJustOver(period.to, now))
    await dialectOf(connection).waitForWriters(connection, period.userID)
  const [rows] = await connection.roundTrip((sql) => [pastStatements.readStatement(sql, period)])
  const [ends] = rows
  if (ends === undefined) return undefined
  return toStatement(
    period,
    { version: BigInt(ends.opening_version), balance: toBalance(BigInt(ends.opening)) },
    { version: BigInt(ends.closing_version), balance: toBalance(BigInt(ends.closing)) },
    () => totalsOf(rows),
  )
}

/** Before what is read is read: a batch that is not to be seen then has taken its time less than `settled` before this one. */
async function readNow(connection: Connection): Promise<Instant> {
  const [[clock]] = await connection.roundTrip((sql) => [statements.readTime(sql)])
  if (clock === undefined) throw new ConnectionError('no answer')
  return readInstant(clock.now)
}

/** The moment is over, but transactions of before it may still appear. */
function isJustOver(end: Instant, now: Instant): boolean {
  return end <= now && end > now - SETTLED_MICROS
}

function* totalsOf(rows: readonly StatementRow[]): Iterable<readonly [TransactionType, Total]> {
  for (const { type, count, amount } of rows)
    if (type !== null && count !== null && amount !== null)
      yield [toTransactionType(type), { count: BigInt(count), amount: BigInt(amount) }]
}
