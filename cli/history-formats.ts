import { stringify } from 'csv-stringify/sync'
import { type Transaction, TransactionType } from '../client/client.ts'
import { inDollars } from './amounts.ts'
import type { Format } from './parameters.ts'
import { type Column, createTable } from './table.ts'
import { asJSON, nameOf } from './wire.ts'

/** Makes text of a history, a page at a time; there is one page at least. */
export interface Writer {
  page(transactions: readonly Transaction[], last: boolean): string
}

export const WRITERS: Readonly<Record<Format, () => Writer>> = {
  table: createTableWriter,
  json: createJSONWriter,
  csv: createCSVWriter,
}

const OUTGOING: readonly number[] = [TransactionType.Withdrawal, TransactionType.TransferOut]

const COLUMNS: readonly Column<Transaction>[] = [
  { title: 'ID', align: 'right', cell: ({ id }) => String(id) },
  { title: 'TIME', align: 'left', cell: ({ createdAt }) => createdAt },
  { title: 'TYPE', align: 'left', cell: ({ type }) => nameOf(type) },
  {
    title: 'DOLLARS',
    align: 'right',
    cell: ({ type, amount }) => `${OUTGOING.includes(type) ? '-' : '+'}${inDollars(amount)}`,
  },
  { title: 'BALANCE', align: 'right', cell: ({ balance }) => inDollars(balance) },
  { title: 'TRANSACTION ID', align: 'left', cell: ({ transactionID }) => transactionID },
  { title: 'WITH', align: 'left', cell: ({ passiveUserID }) => passiveUserID ?? '' },
]

const REFERENCE: Column<Transaction> = {
  title: 'REFERENCE',
  align: 'left',
  cell: ({ reference }) => reference ?? '',
}

/** The first page with a reference on it begins a table with a column for them. */
function createTableWriter(): Writer {
  let referenced = false
  let lay = createTable(COLUMNS)
  return {
    page(transactions) {
      if (!referenced && transactions.some(({ reference }) => reference !== undefined)) {
        referenced = true
        lay = createTable([...COLUMNS, REFERENCE])
      }
      return lay(transactions)
    },
  }
}

/** One array, a transaction a line. */
function createJSONWriter(): Writer {
  let before = '[\n'
  return {
    page(transactions, last) {
      const lines = transactions.map((each) => {
        const line = `${before}${asJSON(each)}`
        before = ',\n'
        return line
      })
      if (!last) return lines.join('')
      return before === '[\n' ? '[]\n' : `${lines.join('')}\n]\n`
    },
  }
}

const CSV_COLUMNS = [
  ...['id', 'transactionID', 'userID', 'type', 'amount', 'balance', 'passiveUserID', 'createdAt'],
  'reference',
]
/**
 * If a spreadsheet separates by semicolons, what follows one is a cell of its own, and a formula there as
 * well as at the start of a field, which `escape_formulas` sees to.
 */
const LATER_FORMULA = /;(?=["\s]*[=+@＝＋＠－-])/gu

export function guardFormula(text: string | null | undefined): string {
  return text?.replaceAll(LATER_FORMULA, ";'") ?? ''
}

function createCSVWriter(): Writer {
  let header = `${CSV_COLUMNS.join()}\n`
  return {
    page(transactions) {
      const rows = transactions.map((each) => ({
        ...each,
        type: nameOf(each.type),
        userID: guardFormula(each.userID),
        passiveUserID: guardFormula(each.passiveUserID),
        reference: guardFormula(each.reference),
      }))
      const lines = stringify(rows, { columns: CSV_COLUMNS, escape_formulas: true })
      const text = `${header}${lines}`
      header = ''
      return text
    },
  }
}
