import { notes } from './notes.ts'
import { changes, states } from './states.ts'
import type { Condition, Subject } from './subject.ts'
import { outcomes, steps, wallets } from './transactions.ts'

export const SUBJECTS: readonly Subject[] = [steps, wallets, outcomes, notes, changes, states]

/** One row: the subject's figures, and how many of its rows break each condition. */
export function survey({ rows, figures, conditions }: Subject): string {
  const columns = [
    ...Object.entries(figures).map(([name, aggregate]) => `${aggregate} AS "${name}"`),
    ...conditions.map(({ check, holds }) => `count(*) FILTER (WHERE (${holds}) IS NOT TRUE) AS "${check}"`),
  ]
  return `SELECT ${columns.join(', ')} FROM (${rows}) AS subject`
}

/** The rows that break a condition, `$3` of them at most. */
export function offenders({ rows }: Subject, { holds, expected, found }: Condition): string {
  return `
    SELECT user_id, id, transaction_id, ${expected} AS expected, ${found} AS found
    FROM (${rows}) AS subject
    WHERE (${holds}) IS NOT TRUE
    ORDER BY user_id, id, transaction_id
    LIMIT $3::int`
}
