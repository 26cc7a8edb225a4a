import { stringify } from 'csv-stringify/sync'
import { type Statement, TransactionType } from '../client/client.ts'
import { inDollars } from './amounts.ts'
import { guardFormula } from './history-formats.ts'
import type { Format } from './parameters.ts'
import { type Column, createTable } from './table.ts'
import { asJSON, TYPE_NAMES, TYPES } from './wire.ts'

/** Makes text of a statement. */
export const STATEMENT_WRITERS: Readonly<Record<Format, (statement: Statement) => string>> = {
  table: toTable,
  json: toJSON,
  csv: toCSV,
}

interface Line {
  readonly name: string
  readonly count: string
  readonly dollars: string
}

const COLUMNS: readonly Column<Line>[] = [
  { title: 'LINE', align: 'left', cell: ({ name }) => name },
  { title: 'COUNT', align: 'right', cell: ({ count }) => count },
  { title: 'DOLLARS', align: 'right', cell: ({ dollars }) => dollars },
]

const OUTGOING: readonly number[] = [TransactionType.Withdrawal, TransactionType.TransferOut]

function toTable({ opening, closing, count, totals }: Statement): string {
  const movements = TYPE_NAMES.flatMap((name): Line[] => {
    const total = totals?.[TYPES[name]]
    if (total === undefined) return []
    const sign = OUTGOING.includes(TYPES[name]) ? '-' : '+'
    return [{ name, count: String(total.count), dollars: `${sign}${inDollars(total.amount)}` }]
  })
  return createTable(COLUMNS)([
    { name: 'opening', count: '', dollars: inDollars(opening) },
    ...movements,
    { name: 'closing', count: String(count), dollars: inDollars(closing) },
  ])
}

/** As the service sent it: a total is text there. */
function toJSON({ totals, ...statement }: Statement): string {
  const asSent =
    totals && Object.entries(totals).map(([type, { count, amount }]) => [type, { count, amount: `${amount}` }])
  return `${asJSON({ ...statement, totals: asSent && Object.fromEntries(asSent) })}\n`
}

/** One row, so that those of several periods can be put below each other; amounts are base units. */
function toCSV({ userID, from, to, opening, closing, count, firstID, lastID, totals }: Statement): string {
  const row: Record<string, unknown> = {
    userID: guardFormula(userID),
    from,
    to,
    opening,
    closing,
    count,
    firstID,
    lastID,
  }
  for (const name of TYPE_NAMES) {
    row[`${name} count`] = totals?.[TYPES[name]].count
    row[`${name} amount`] = totals?.[TYPES[name]].amount
  }
  return stringify([row], { header: true, escape_formulas: true, columns: Object.keys(row) })
}
