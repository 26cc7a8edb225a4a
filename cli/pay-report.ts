import type { ListResult, WalletProblem } from '../client/client.ts'
import { describeAmount } from './amounts.ts'
import { stripControlCharacters } from './output.ts'
import type { Planned } from './payment-ids.ts'
import { type Column, createTable } from './table.ts'

/** A payment that was not made, or about which more can't be said. */
interface Unpaid {
  readonly line: number
  readonly user: string
  readonly code: string
  /**
   * Whether it is over for its transaction ID, may yet be made with it, or may have been made. `foreign`: it may have been, too,
   * but not at this service, or not with what the ID now stands beside. `retired`: it may have been, before the ledger was restored.
   */
  readonly fate: 'final' | 'open' | 'unknown' | 'foreign' | 'retired'
}

/** The refusals that are kept under their ID. */
const FINAL = [412, 422]

const RETIRED = 'TRANSACTION_ID_RETIRED'
const FOREIGN: readonly string[] = ['TRANSACTION_ID_UNKNOWN', 'TRANSACTION_ID_REUSED']

const COLUMNS: readonly Column<Unpaid>[] = [
  { title: 'LINE', align: 'right', cell: ({ line }) => String(line) },
  { title: 'USER', align: 'left', cell: ({ user }) => user },
  { title: 'CODE', align: 'left', cell: ({ code }) => code },
]

/** Adds up how a file of payments fares. */
export function createPayReport(from: string, payments: number) {
  const unpaid: Unpaid[] = []
  let paid = 0
  let units = 0n
  let before = 0

  return {
    add({ line, user }: Planned, result: ListResult): void {
      if (result.outcome === 'executed') {
        paid += 1
        units += result.transaction.amount
        if (result.replayed) before += 1
        return
      }
      unpaid.push({ line, user, code: result.problem.code, fate: fateOf(result.problem) })
    },
    count: (fate: Unpaid['fate']) => unpaid.filter((each) => each.fate === fate).length,
    /** What was not paid, line by line, and one line about all. */
    text(resumed: boolean): string {
      const table = unpaid.length === 0 ? '' : createTable(COLUMNS)(unpaid)
      const sum = paid === 0 ? '' : `: ${describeAmount(units)} from ${stripControlCharacters(from)}`
      const earlier = resumed && before > 0 ? `, ${before} of them in an earlier run` : ''
      return `${table}paid ${paid} of ${payments} ${payments === 1 ? 'line' : 'lines'}${sum}${earlier}\n`
    },
  }
}

function fateOf({ code, status, outcome }: WalletProblem): Unpaid['fate'] {
  if (FOREIGN.includes(code)) return 'foreign'
  if (code === RETIRED) return 'retired'
  if (outcome === 'unknown') return 'unknown'
  return FINAL.includes(status) ? 'final' : 'open'
}
